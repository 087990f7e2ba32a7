// Turns open samples into young chunks of the partitions that they belong to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/index/series_index.h"
#include "storage/retention/retention_plan.h"
#include "storage/rocks/database.h"
#include "storage/tsdb/open_chunks.h"
#include "storage/tsdb/partitions/chunk_rows.h"
#include "storage/tsdb/partitions/partition_set.h"
#include "storage/tsdb/partitions/series_rules.h"
#include "storage/tsdb/shard_meta.h"

namespace ora::storage {

// Where the sealer takes from and writes to; all must outlive it.
struct SealTargets {
  Database& database;
  const SeriesIndex& index;
  OpenChunks& open;
  PartitionSet& partitions;
  const RetentionPlan& plan;
};

// Thread-safe.
class Sealer {
 public:
  Sealer(const SealTargets& targets, Clock& clock, Counters& counters);

  // Takes over what the shard's meta rows said at open.
  void Restore(const ShardMeta& meta) ABSL_LOCKS_EXCLUDED(targets_.partitions.writers());

  // Seals all that is open when it is called; appends go on meanwhile. After an error what was
  // being sealed stays open or in rows that are read, and durable, and the next call goes on with
  // it.
  absl::Status Seal() ABSL_LOCKS_EXCLUDED(targets_.partitions.writers());

  // The same by one who holds PartitionSet::writers(). (The analysis does not know that theirs and
  // ours are one, so it is asserted.)
  absl::Status SealLocked();

 private:
  // What was added to a partition.
  struct Addition {
    void Join(const Addition& other);

    Roaring ids;
    RowTotals totals;
    uint32_t last_offset_millis = 0;

    void SeeOffset(uint32_t offset_millis) {
      last_offset_millis = std::max(last_offset_millis, offset_millis);
    }
  };
  using Additions = absl::btree_map<PartitionId, Addition>;
  struct Part;
  // A generation that is being sealed, across calls if one fails.
  struct Progress {
    uint32_t seal_number = 0;
    size_t next = 0;  // The segments below it are written.
    Additions added;  // By them.
  };

  absl::Status SealGeneration(const OpenGeneration& generation)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(targets_.partitions.writers());
  absl::Status AddSeries(SeriesId id, const SampleColumns& samples, Part& part)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(targets_.partitions.writers());
  absl::Status AddDay(const ChunkPlace& place, const SampleSpans& samples, Part& part)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(targets_.partitions.writers());
  absl::Status TakeBackUnfinished(const Partition& partition, const ChunkPlace& place, Part& part)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(targets_.partitions.writers());
  absl::Status WritePart(Part& part, size_t segments)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(targets_.partitions.writers());
  absl::Status Finish(const OpenGeneration& generation, Part& part)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(targets_.partitions.writers());
  void ShowAdded(const Additions& added)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(targets_.partitions.writers());

  const SealTargets targets_;
  Clock& clock_;
  Counter& seals_;
  Counter& samples_sealed_;
  Counter& samples_expired_;

  SeriesRules rules_ ABSL_GUARDED_BY(targets_.partitions.writers());
  Watermark watermark_ ABSL_GUARDED_BY(targets_.partitions.writers());
  uint32_t seal_number_begun_ ABSL_GUARDED_BY(targets_.partitions.writers()) = 0;
  absl::optional<Progress> progress_ ABSL_GUARDED_BY(targets_.partitions.writers());
  // A crash left rows of a sealing whose samples are open again.
  bool unfinished_rows_ ABSL_GUARDED_BY(targets_.partitions.writers()) = false;
};

}  // namespace ora::storage
