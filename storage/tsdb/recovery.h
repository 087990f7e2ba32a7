// Brings back what was durable but is kept in memory: series, and samples not yet sealed.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "storage/index/series_index.h"
#include "storage/rocks/database.h"
#include "storage/tsdb/damage_log.h"
#include "storage/tsdb/open_chunks.h"
#include "storage/tsdb/sender_marks.h"
#include "storage/tsdb/shard_meta.h"

namespace ora::storage {

struct Recovered {
  uint64_t log_number_next = 1;
  uint64_t batches = 0;
  uint64_t samples = 0;
};

// What the batch records are replayed into.
struct ReplayTargets {
  OpenChunks& open;
  SenderMarks& marks;  // Those of the database are there already.
};

// Damaged records are reported and skipped. UNAVAILABLE: the disk refused.
absl::Status RecoverSeries(const Database& database, const ShardMeta& meta, DamageLog& damage,
                           SeriesIndex& index);
absl::StatusOr<Recovered> RecoverOpenChunks(const Database& database, const SeriesIndex& index,
                                            const Watermark& watermark, DamageLog& damage,
                                            const ReplayTargets& targets);

}  // namespace ora::storage
