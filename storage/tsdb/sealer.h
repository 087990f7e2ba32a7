// Turns open samples into sealed chunks, and drops the days that are too old.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "storage/env/counters.h"
#include "storage/index/series_index.h"
#include "storage/rocks/database.h"
#include "storage/tsdb/open_chunks.h"
#include "storage/tsdb/shard_meta.h"

namespace ora::storage {

// Thread-safe.
class Sealer {
 public:
  // All of these must outlive the sealer.
  Sealer(Database& database, SeriesIndex& index, OpenChunks& open, Counters& counters);

  // Takes over what the shard's meta rows said at open.
  void Restore(const ShardMeta& meta) ABSL_LOCKS_EXCLUDED(seal_mutex_, state_mutex_);

  // Seals all that is open when it is called; appends go on meanwhile. After an error what was
  // being sealed stays open, readable and durable, and the next call begins with it.
  absl::Status Seal() ABSL_LOCKS_EXCLUDED(seal_mutex_, state_mutex_);

  // Drops all days before `first_kept`.
  absl::Status DropBefore(Day first_kept) ABSL_LOCKS_EXCLUDED(seal_mutex_, state_mutex_);

  DayTotals Totals() const ABSL_LOCKS_EXCLUDED(state_mutex_);

 private:
  using DaysTotals = absl::btree_map<Day, DayTotals>;

  absl::Status SealGeneration(const OpenGeneration& generation)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(seal_mutex_);

  Database& database_;
  SeriesIndex& index_;
  OpenChunks& open_;
  Counter& seals_;
  Counter& samples_sealed_;

  // Orders sealings and drops, so it is held across their writes. Before state_mutex_.
  absl::Mutex seal_mutex_;
  Watermark watermark_ ABSL_GUARDED_BY(seal_mutex_);
  uint32_t seal_number_begun_ ABSL_GUARDED_BY(seal_mutex_) = 0;

  mutable absl::Mutex state_mutex_;
  DaysTotals days_ ABSL_GUARDED_BY(state_mutex_);
};

}  // namespace ora::storage
