// Which metrics, labels and hosts make how many series: what to look at when there are too many.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace ora::storage {

// Something that is counted, and how often.
struct CardinalityEntry {
  std::string name;
  uint64_t count = 0;
};

// At one moment; the lists are sorted by count, highest first, then by name.
struct CardinalityReport {
  uint64_t series = 0;
  uint64_t series_max = 0;                // The store's limit.
  uint64_t series_per_instance_max = 0;   // A host's.
  std::vector<CardinalityEntry> metrics;  // Series of a metric.
  std::vector<CardinalityEntry> labels;   // Values of a label name.
  std::vector<CardinalityEntry>
      label_pairs;                          // Series of `name="value"`, the metric's name left out.
  std::vector<CardinalityEntry> instances;  // Series of a host.
  // Series that are newer than an hour, of those named since the store was opened, by metric.
  std::vector<CardinalityEntry> churn;
  uint64_t series_new = 0;        // In that hour, in all.
  uint64_t series_forgotten = 0;  // Since the store was opened: deleted, or without a sample left.
};

}  // namespace ora::storage
