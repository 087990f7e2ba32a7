// How everything reads time series: rules, queries and services know this file and no store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/labels.h"
#include "storage/matcher.h"
#include "storage/sample.h"

namespace ora::storage {

// What a selection will be used for; a reader may use it to read less, never to answer otherwise.
// One exception: of times of which only downsampled tiers are left, `function` says what stands for
// the samples of a bucket (its maximum for max_over_time, ...), and warnings() tell of it.
struct ReadHints {
  int64_t step_millis = 0;      // 0: an instant.
  int64_t range_millis = 0;     // The window of a range selector; 0: an instant selector.
  std::string function;         // The function or aggregation right above; empty if none.
  bool by_labels_only = false;  // Only the labels are wanted: ReadSamples will not be called.
  bool only_newest = false;     // Of a series' samples only the newest is looked at: so that others
                                // may be missing.
};

struct SelectRequest {
  std::vector<Matcher> matchers;  // All must match. None: every series.
  TimeRange range;                // Samples outside are not returned.
  ReadHints hints;
  uint64_t series_max = 1'000'000;  // More than this is RESOURCE_EXHAUSTED.
};

// The series of one selection, sorted by labels. A consistent view: what was durable when Select
// was called, however much is written, merged, expired or deleted while the cursor is read. A
// series that is deleted while Select runs is seen whole, or without any sample, or not at all. Not
// thread-safe; several cursors may be used at once. Must not outlive the reader.
class SeriesCursor {
 public:
  virtual ~SeriesCursor() = default;

  // Steps to the next series, at first to the first; false after the last. Series without a sample
  // in the range may be among them.
  virtual bool Next() = 0;

  // Of the current series; valid until Next.
  virtual const Labels& labels() const = 0;

  // One of the current series' labels, empty if it has none of the name; valid as labels() are, and
  // cheaper where no other label is wanted.
  virtual absl::string_view LabelValue(absl::string_view name) const { return labels().Get(name); }

  // Replaces `columns` with the samples of the current series in the range, staleness markers
  // included. DATA_LOSS never: damaged chunks are skipped and told by warnings().
  virtual absl::Status ReadSamples(SampleColumns& columns) = 0;

  // How many series there are in all.
  virtual size_t series_count() const = 0;

  // What is missing from the answer, such as "partial: 3 damaged chunks skipped". Complete after
  // the last Next.
  virtual std::vector<std::string> warnings() const = 0;
};

// Thread-safe.
class SeriesReader {
 public:
  virtual ~SeriesReader() = default;

  // RESOURCE_EXHAUSTED: more than `series_max` series match.
  virtual absl::StatusOr<std::unique_ptr<SeriesCursor>> Select(const SelectRequest& request) = 0;

  // Names of the labels on the series that match, sorted.
  virtual absl::StatusOr<std::vector<std::string>> LabelNames(
      const std::vector<Matcher>& matchers) = 0;

  // Values of a label on the series that match, sorted.
  virtual absl::StatusOr<std::vector<std::string>> LabelValues(
      absl::string_view label, const std::vector<Matcher>& matchers) = 0;
};

}  // namespace ora::storage
