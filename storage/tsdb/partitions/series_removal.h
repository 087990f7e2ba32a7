// Takes series out of all partitions.
#pragma once

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "storage/index/series_index.h"
#include "storage/rocks/database.h"
#include "storage/tsdb/partitions/partition_set.h"

namespace ora::storage {

// Thread-safe.
class SeriesRemoval {
 public:
  // Both must outlive the object.
  SeriesRemoval(Database& database, PartitionSet& partitions)
      : database_(database), partitions_(partitions) {}

  // Deletes the series' records and their rows in every partition; durable when it returns, and all
  // or nothing. None of them may have open samples. The caller holds PartitionSet::writers(). (The
  // analysis does not know that theirs and ours are one, so it is asserted.)
  absl::Status Remove(std::vector<SeriesIndex::Entry> series) ABSL_LOCKS_EXCLUDED(mutex_);

  // Gives the space of removed rows back. Blocks as long as the partitions' rows take to be
  // written.
  absl::Status Reclaim() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Rows of a partition from `begin` to before `end`, some of which are removed.
  struct Stretch {
    PartitionId id;
    std::string begin;
    std::string end;
  };

  absl::Status RemoveFrom(const PartitionView& view, absl::Span<const SeriesIndex::Entry> series,
                          DatabaseChanges& changes, PartitionContents& contents);

  Database& database_;
  PartitionSet& partitions_;
  absl::Mutex mutex_;
  std::vector<Stretch> stretches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
