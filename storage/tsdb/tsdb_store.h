// TimeSeriesStore over one shard: builds the parts, recovers, and keeps the times of upkeep.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/index/series_index.h"
#include "storage/retention/retention_plan.h"
#include "storage/rocks/database.h"
#include "storage/state/rocks_state_store.h"
#include "storage/time_series_store.h"
#include "storage/tsdb/committer.h"
#include "storage/tsdb/damage_log.h"
#include "storage/tsdb/hot/hot_columns.h"
#include "storage/tsdb/open_chunks.h"
#include "storage/tsdb/partitions/merger.h"
#include "storage/tsdb/partitions/partition_set.h"
#include "storage/tsdb/partitions/series_removal.h"
#include "storage/tsdb/partitions/tier_maker.h"
#include "storage/tsdb/sealer.h"
#include "storage/tsdb/sender_marks.h"
#include "storage/tsdb/snapshot.h"
#include "storage/tsdb/space_guard.h"
#include "storage/tsdb/upkeep/merge_schedule.h"
#include "storage/tsdb/upkeep/upkeep.h"

namespace ora::storage {

// As TimeSeriesStore::Open, with the database's own files in `database_files`.
absl::StatusOr<std::unique_ptr<TimeSeriesStore>> OpenStore(const TimeSeriesStoreOptions& options,
                                                           const DatabaseFiles& database_files,
                                                           Clock& clock, FileSystem& files,
                                                           LogSink& log, Counters& counters);

class TsdbStore final : public TimeSeriesStore {
 public:
  // `plan` is of `options`; `damage` is what `database` reports to.
  TsdbStore(const TimeSeriesStoreOptions& options, RetentionPlan plan, std::string directory,
            std::unique_ptr<DamageLog> damage, std::unique_ptr<Database> database, Clock& clock,
            FileSystem& files, LogSink& log, Counters& counters);
  ~TsdbStore() override;

  // Brings back what was durable and starts the threads. Once, before anything else.
  absl::Status Start();

  absl::StatusOr<std::unique_ptr<SeriesCursor>> Select(const SelectRequest& request) override;
  absl::StatusOr<std::vector<std::string>> LabelNames(
      const std::vector<Matcher>& matchers) override;
  absl::StatusOr<std::vector<std::string>> LabelValues(
      absl::string_view label, const std::vector<Matcher>& matchers) override;

  absl::StatusOr<SeriesRef> Intern(const std::string& instance, const Labels& labels) override;
  absl::Status Write(WriteBatch batch, WriteDone done) override;
  absl::StatusOr<uint64_t> DurableSequence(const std::string& instance,
                                           const std::string& collector_id,
                                           uint64_t incarnation) override;

  absl::Status Apply(const StateChanges& changes) override;
  absl::StatusOr<std::string> Get(absl::string_view kind, absl::string_view key) override;
  absl::StatusOr<std::vector<StateRecord>> Scan(absl::string_view kind, absl::string_view after,
                                                size_t records_max) override;

  absl::Status Seal() override;
  absl::Status Settle() override;
  absl::StatusOr<DeletedSeries> DeleteSeries(const std::vector<Matcher>& matchers) override;
  absl::StatusOr<StoreSnapshot> Snapshot(const std::string& name) override;
  CardinalityReport Cardinality(size_t top) override;
  absl::Status ExpireOld() override;
  StoreStatistics Statistics() override;

 private:
  // Merges what is due.
  absl::Status Merge(MergeOccasion occasion)
      ABSL_LOCKS_EXCLUDED(merge_mutex_, partitions_.writers());
  absl::Status MergeOne(const MergeTask& task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(merge_mutex_)
      ABSL_LOCKS_EXCLUDED(partitions_.writers());
  // A raw one's tiers are made before; it stays for now if some cannot be made yet.
  absl::Status Drop(const PartitionId& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(merge_mutex_)
      ABSL_LOCKS_EXCLUDED(partitions_.writers());
  // Forgets series that no partition holds and that have no open sample.
  absl::Status ForgetIdle() ABSL_LOCKS_EXCLUDED(partitions_.writers());
  // Keeps to disk_bytes_max.
  absl::Status MakeRoom() ABSL_LOCKS_EXCLUDED(merge_mutex_, partitions_.writers());
  uint64_t DiskBytes();
  // Open samples, and those of young rows.
  uint64_t SamplesUnmerged() const;

  const TimeSeriesStoreOptions options_;
  const RetentionPlan plan_;
  const std::string directory_;  // The shard's.
  Clock& clock_;
  FileSystem& files_;
  LogSink& log_;
  Counters& counters_;
  Counter& dropped_early_;
  // Before what uses them, so that they go after.
  const std::unique_ptr<DamageLog> damage_;
  const std::unique_ptr<Database> database_;
  SeriesIndex index_;
  OpenChunks open_;
  SenderMarks marks_;
  SpaceGuard space_;
  std::atomic<bool> closing_{false};  // Long work ends early.
  PartitionSet partitions_;
  Merger merger_;
  TierMaker tier_maker_;
  SeriesRemoval removal_;
  Sealer sealer_;
  RocksStateStore state_;
  Snapshots snapshots_;
  HotColumns hot_;

  // One merge or expiry at a time; before PartitionSet::writers().
  absl::Mutex merge_mutex_;
  MergeSchedule schedule_ ABSL_GUARDED_BY(merge_mutex_);
  // How many had been stored when all was written out last.
  uint64_t samples_flushed_ ABSL_GUARDED_BY(merge_mutex_) = 0;

  // Made by Start. The committer calls the upkeep to its end; the upkeep stops before.
  std::unique_ptr<Upkeep> upkeep_;
  std::unique_ptr<Committer> committer_;
};

}  // namespace ora::storage
