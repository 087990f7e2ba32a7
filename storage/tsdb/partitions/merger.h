// Rewrites the young chunks of a raw partition into long ones.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/env/counters.h"
#include "storage/index/series_index.h"
#include "storage/rocks/database.h"
#include "storage/tsdb/partitions/merge_plan.h"
#include "storage/tsdb/partitions/partition_set.h"

namespace ora::storage {

// Thread-safe; one merge at a time makes sense.
class Merger {
 public:
  // All of these must outlive the merger. Once `closing` is true no further step is taken.
  Merger(Database& database, PartitionSet& partitions, const SeriesIndex& index,
         const std::atomic<bool>& closing, DamageReport report, Counters& counters);

  // Merges the young rows that a raw partition has now, in steps that hold PartitionSet::writers()
  // for a few MiB each, so that a sealing need not wait for the whole. A series changes as a whole,
  // or not at all; one with damage stays as it is. What a crash or an error leaves undone the next
  // call does. Memory: a step's rows, and one series' samples.
  absl::Status Merge(const PartitionId& id, const MergePolicy& policy)
      ABSL_LOCKS_EXCLUDED(partitions_.writers());

 private:
  struct Pass;
  struct Row;
  struct Step;

  absl::Status TakeStep(Pass& pass) ABSL_LOCKS_EXCLUDED(partitions_.writers());
  absl::Status MergeSeries(const Pass& pass, const SeriesIndex::Entry& series, Step& step)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(partitions_.writers());
  // `step` holds the rows of the series as they were before.
  void SetMerged(SeriesId id, Step& step);
  absl::Status ReadRows(const Pass& pass, const SeriesIndex::Entry& series, Step& step);
  absl::Status MergeGroupOf(const Pass& pass, const SeriesIndex::Entry& series,
                            const MergeGroup& group, Step& step);

  Database& database_;
  PartitionSet& partitions_;
  const SeriesIndex& index_;
  const std::atomic<bool>& closing_;
  const DamageReport report_;
  Counter& samples_merged_;
  Counter& rows_merged_;
};

}  // namespace ora::storage
