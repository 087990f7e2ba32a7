// Where one of a log's series stands in its life.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "collector/series/sample_sink.h"

namespace ora::collector {

struct SeriesSlot {
  SeriesId id = 0;
  bool needs_birth = false;  // Its series begins within a known log.
  bool emitted = false;      // Since the last Commit.

  void Tell(SampleSink& sink, absl::string_view metric, absl::Span<const LabelPair> labels,
            double value) {
    if (id == 0) id = sink.Intern(metric, labels);
    if (needs_birth) sink.AddBirth(id);
    sink.Add(id, value);
    emitted = true;
  }
};

}  // namespace ora::collector
