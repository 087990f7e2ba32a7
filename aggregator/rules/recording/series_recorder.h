// Answers of rules as series in the store.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "aggregator/rules/rule.h"
#include "storage/labels.h"
#include "storage/sample.h"
#include "storage/series_writer.h"

namespace ora::aggregator {

// Thread-safe. What a source had before a restart does not end by a marker: it goes out of sight
// when its last sample is older than the lookback.
class SeriesRecorder {
 public:
  // `instance`: whose slot series go to that have no such label. `writer` must outlive it.
  SeriesRecorder(std::string instance, storage::SeriesWriter& writer)
      : instance_(std::move(instance)), writer_(writer) {}

  // As RecordFn. RESOURCE_EXHAUSTED: the store has its limit of series. UNAVAILABLE: try again.
  absl::Status Record(const std::string& source, const std::vector<EvaluatedSeries>& series,
                      int64_t time_millis) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // The series that a source had last, as the store knows them.
  using Refs = absl::flat_hash_map<storage::Labels, storage::SeriesRef>;
  using Batches = std::map<std::string, storage::WriteBatch>;  // By instance.

  void Add(const storage::Labels& labels, storage::SeriesRef ref, const storage::Sample& sample,
           Batches& batches) const;

  const std::string instance_;
  storage::SeriesWriter& writer_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Refs> sources_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::aggregator
