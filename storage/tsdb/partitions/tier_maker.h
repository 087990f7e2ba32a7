// Makes the rows of tiers from the samples of raw partitions.
#pragma once

#include <atomic>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/index/series_index.h"
#include "storage/retention/retention_plan.h"
#include "storage/retention/tier_row.h"
#include "storage/rocks/database.h"
#include "storage/tsdb/partitions/partition_set.h"

namespace ora::storage {

// What the maker reads and writes; all must outlive it.
struct TierSources {
  Database& database;
  PartitionSet& partitions;
  const SeriesIndex& index;
  const RetentionPlan& plan;
  const std::atomic<bool>& closing;  // Once it is true no further step is taken.
};

// Thread-safe; one at a time makes sense.
class TierMaker {
 public:
  // `clock` must outlive the maker.
  TierMaker(const TierSources& sources, DamageReport report, Clock& clock, Counters& counters);

  // Makes the rows of all series of a raw partition that were changed since the last call, in every
  // tier that the plan keeps; in steps that hold PartitionSet::writers() for a moment each. Rows
  // are the same whenever they are made. What a crash or an error leaves undone the next call does.
  absl::Status Make(const PartitionId& raw) ABSL_LOCKS_EXCLUDED(sources_.partitions.writers());

 private:
  struct Tier;
  struct Pass;
  struct Step;

  absl::Status MakePartitions(Pass& pass) ABSL_LOCKS_EXCLUDED(sources_.partitions.writers());
  absl::Status TakeStep(Pass& pass) ABSL_LOCKS_EXCLUDED(sources_.partitions.writers());
  absl::Status MakeRows(const Pass& pass, const SeriesIndex::Entry& series, Step& step)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sources_.partitions.writers());
  absl::Status PutRow(const TierKey& key, TierRow row, Tier& tier, Step& step);

  const TierSources sources_;
  const DamageReport report_;
  Clock& clock_;
  Counter& rows_made_;
};

}  // namespace ora::storage
