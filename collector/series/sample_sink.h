// Where samplers put what they see.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ora::collector {

struct LabelPair {
  absl::string_view name;
  absl::string_view value;
};

// A series of this host, for the life of the process. Names are never reused. 0 is none.
using SeriesId = uint32_t;

// Takes the samples of one tick. Owned and used by the collector's one thread.
class SampleSink {
 public:
  virtual ~SampleSink() = default;

  // The id of a series, made at the first call; hold it, so that a tick neither hashes nor
  // allocates. `instance` is added. Labels in any order, those with an empty value are left out.
  virtual SeriesId Intern(absl::string_view metric, absl::Span<const LabelPair> labels) = 0;

  // The value of a series at this tick's instant. A series that had a value at the tick before and
  // has none at this one ends with a staleness marker.
  virtual void Add(SeriesId series, double value) = 0;

  // A zero at the instant of the tick before (at this tick's, less 1 ms, if there was none): for a
  // counter that is born within a known log, so that its first rise is seen as one. Call it before
  // Add, once in a series' life.
  virtual void AddBirth(SeriesId series) = 0;
};

}  // namespace ora::collector
