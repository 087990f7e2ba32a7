#include "storage/tsdb/tsdb_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/rocks/storage_uri.h"
#include "storage/tsdb/recovery.h"
#include "storage/tsdb/series_cursor.h"
#include "storage/tsdb/shard_meta.h"

namespace ora::storage {
namespace {

// Somebody who named a series within this time may be about to write to it.
constexpr absl::Duration kIdleBeforeForgotten = absl::Hours(1);

std::string DirectoryOf(const std::string& parent, ShardId shard) {
  return absl::StrCat(parent, "/shard-", absl::Dec(shard.number, absl::kZeroPad4));
}

DamageReport Reporter(DamageLog& damage) {
  return [&damage](absl::string_view object, absl::string_view reason) {
    damage.Report(object, reason);
  };
}

}  // namespace

absl::StatusOr<std::unique_ptr<TimeSeriesStore>> TimeSeriesStore::Open(
    const TimeSeriesStoreOptions& options, Clock& clock, FileSystem& files, LogSink& log,
    Counters& counters) {
  return OpenStore(options, DatabaseFiles::Host(), clock, files, log, counters);
}

absl::StatusOr<std::unique_ptr<TimeSeriesStore>> OpenStore(const TimeSeriesStoreOptions& options,
                                                           const DatabaseFiles& database_files,
                                                           Clock& clock, FileSystem& files,
                                                           LogSink& log, Counters& counters) {
  const absl::StatusOr<StorageUri> uri = StorageUri::Parse(options.uri);
  if (!uri.ok()) return uri.status();
  absl::StatusOr<RetentionPlan> plan =
      RetentionPlan::Make(options.retention, options.retention_rules);
  if (!plan.ok()) return plan.status();
  const std::string directory = DirectoryOf(uri->directory, ShardId{0});
  if (absl::Status made = files.CreateDirectories(directory); !made.ok()) return made;
  auto damage = std::make_unique<DamageLog>(log, counters);
  absl::StatusOr<std::unique_ptr<Database>> database =
      Database::Open(directory, database_files, Reporter(*damage));
  if (!database.ok()) return database.status();
  auto store = std::make_unique<TsdbStore>(options, *std::move(plan), directory, std::move(damage),
                                           *std::move(database), clock, files, log, counters);
  if (absl::Status started = store->Start(); !started.ok()) {
    return absl::Status(started.code(), absl::StrCat("store ", directory, ": ", started.message()));
  }
  return store;
}

TsdbStore::TsdbStore(const TimeSeriesStoreOptions& options, RetentionPlan plan,
                     std::string directory, std::unique_ptr<DamageLog> damage,
                     std::unique_ptr<Database> database, Clock& clock, FileSystem& files,
                     LogSink& log, Counters& counters)
    : options_(options),
      plan_(std::move(plan)),
      directory_(std::move(directory)),
      clock_(clock),
      files_(files),
      log_(log),
      counters_(counters),
      dropped_early_(counters.Get("ora_storage_partitions_dropped_early_total")),
      damage_(std::move(damage)),
      database_(std::move(database)),
      index_({options.series_max, options.series_per_instance_max}, clock),
      space_(directory_, options.free_bytes_floor, clock, files),
      partitions_(*database_, Reporter(*damage_)),
      merger_(*database_, partitions_, index_, closing_, Reporter(*damage_), counters),
      tier_maker_({*database_, partitions_, index_, plan_, closing_}, Reporter(*damage_), clock,
                  counters),
      removal_(*database_, partitions_),
      sealer_({*database_, index_, open_, partitions_, plan_}, clock, counters),
      state_(*database_),
      snapshots_(*database_, directory_),
      hot_(options.hot_bytes_max) {}

TsdbStore::~TsdbStore() {
  closing_.store(true);
  if (upkeep_ != nullptr) upkeep_->Stop();
}

absl::Status TsdbStore::Start() {
  const absl::Duration begun = clock_.Monotonic();
  if (absl::Status removed = snapshots_.RemoveHalfMade(); !removed.ok()) {
    log_.Warning(absl::StrCat("storage: what is left of a snapshot stays: ", removed.message()));
  }
  const absl::StatusOr<ShardMeta> meta =
      ShardMeta::Open(*database_, [this](absl::string_view object, absl::string_view reason) {
        damage_->Report(object, reason);
      });
  if (!meta.ok()) return meta.status();
  if (absl::Status series = RecoverSeries(*database_, *meta, *damage_, index_); !series.ok()) {
    return series;
  }
  if (absl::Status marks = marks_.Load(*database_, *damage_); !marks.ok()) return marks;
  const absl::StatusOr<Recovered> recovered =
      RecoverOpenChunks(*database_, index_, meta->watermark, *damage_, {open_, marks_});
  if (!recovered.ok()) return recovered.status();
  absl::Status loaded = partitions_.Load(
      {.sealed_through = meta->watermark.seal_number,
       .id_next = index_.IdNext(),
       .rows = meta->was_damaged ? PartitionRows::kMayBeOld : PartitionRows::kTrusted});
  if (!loaded.ok()) return loaded;
  sealer_.Restore(*meta);
  log_.Info(absl::StrCat("storage: opened ", directory_, ", epoch ", meta->epoch, ": ",
                         index_.SeriesCount(), " series, ", recovered->samples, " samples of ",
                         recovered->batches, " batches not yet sealed, ", damage_->records(),
                         " damaged records, in ",
                         absl::FormatDuration(clock_.Monotonic() - begun)));
  committer_ = std::make_unique<Committer>(
      options_, CommitTargets{*database_, index_, open_, marks_, space_},
      recovered->log_number_next, [this] { upkeep_->WantSeal(); }, clock_, log_, counters_);
  upkeep_ = std::make_unique<Upkeep>(
      options_.seal_interval,
      UpkeepDuties{.seal = [this] { return Seal(); },
                   .merge = [this](MergeOccasion occasion) { return Merge(occasion); },
                   .expire = [this] { return ExpireOld(); },
                   .make_room = [this] { return MakeRoom(); },
                   .reclaim = [this] { return removal_.Reclaim(); },
                   .samples_stored = [this] { return committer_->samples_stored(); },
                   .samples_unmerged = [this] { return SamplesUnmerged(); }},
      clock_, log_);
  if (open_.bytes() >= options_.open_bytes_max) upkeep_->WantSeal();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<SeriesCursor>> TsdbStore::Select(const SelectRequest& request) {
  absl::StatusOr<SeriesSelection> series = index_.Select(request.matchers, request.series_max);
  if (!series.ok()) return series.status();
  std::vector<SeriesId> ids;
  ids.reserve(series->size());
  for (size_t i = 0; i < series->size(); ++i) ids.push_back((*series)[i].id);
  CursorSelection selection;
  selection.series = *std::move(series);
  selection.range = request.range;
  selection.function = request.hints.function;
  selection.only_newest = request.hints.only_newest;
  std::vector<PartitionView> before = partitions_.Overlapping(request.range);
  selection.view = open_.Capture(*database_, ids);
  selection.partitions = Joined(std::move(before), partitions_.Overlapping(request.range));
  std::erase_if(selection.partitions, [&](const PartitionView& view) {
    return view.id().resolution == Resolution::kRaw &&
           StartOf(view.id().first_day) + view.contents->last_offset_millis <
               request.range.start_millis;
  });
  return MakeSeriesCursor({database_.get(), &index_, &open_, damage_.get(), &hot_},
                          std::move(selection));
}

absl::StatusOr<std::vector<std::string>> TsdbStore::LabelNames(
    const std::vector<Matcher>& matchers) {
  return index_.LabelNames(matchers);
}

absl::StatusOr<std::vector<std::string>> TsdbStore::LabelValues(
    absl::string_view label, const std::vector<Matcher>& matchers) {
  return index_.LabelValues(label, matchers);
}

absl::StatusOr<SeriesRef> TsdbStore::Intern(const std::string& instance, const Labels& labels) {
  const absl::StatusOr<SeriesIndex::Entry> entry = index_.Allot(SlotOf(instance), labels);
  if (!entry.ok()) return entry.status();
  return entry->id;
}

absl::Status TsdbStore::Write(WriteBatch batch, WriteDone done) {
  return committer_->Enqueue(std::move(batch), std::move(done));
}

absl::StatusOr<uint64_t> TsdbStore::DurableSequence(const std::string& instance,
                                                    const std::string& collector_id,
                                                    uint64_t incarnation) {
  return marks_.BeginAnew(instance, collector_id, incarnation);
}

absl::Status TsdbStore::Apply(const StateChanges& changes) { return state_.Apply(changes); }

absl::StatusOr<std::string> TsdbStore::Get(absl::string_view kind, absl::string_view key) {
  return state_.Get(kind, key);
}

absl::StatusOr<std::vector<StateRecord>> TsdbStore::Scan(absl::string_view kind,
                                                         absl::string_view after,
                                                         size_t records_max) {
  return state_.Scan(kind, after, records_max);
}

absl::Status TsdbStore::Seal() { return sealer_.Seal(); }

absl::Status TsdbStore::Settle() {
  if (absl::Status sealed = sealer_.Seal(); !sealed.ok()) return sealed;
  return Merge(MergeOccasion::kSettle);
}

absl::Status TsdbStore::Merge(MergeOccasion occasion) {
  absl::MutexLock merge(&merge_mutex_);
  const Day today = DayOf(absl::ToUnixMillis(clock_.Now()));
  std::vector<YoungPartition> young;
  for (const PartitionView& view : partitions_.All()) {
    const PartitionContents& contents = *view.contents;
    if (contents.young.isEmpty()) continue;
    young.push_back({view.id(), contents.samples, contents.sealings});
  }
  const std::vector<MergeTask> tasks = schedule_.Due(young, occasion, today, clock_.Monotonic());
  for (const MergeTask& task : tasks) {
    if (absl::Status merged = MergeOne(task); !merged.ok()) return merged;
    if (closing_.load()) return absl::OkStatus();  // The next one to open the store goes on.
  }
  const uint64_t samples = committer_->samples_stored();
  const bool awaited = occasion == MergeOccasion::kRoutine ||
                       (occasion == MergeOccasion::kIdle && samples == samples_flushed_);
  if (awaited) return absl::OkStatus();
  // Nothing more is awaited: the log's space is given back, and that of the sealed batch records.
  if (absl::Status flushed = database_->Flush(); !flushed.ok()) return flushed;
  if (absl::Status compacted = database_->Compact(Family::kBatches); !compacted.ok()) {
    return compacted;
  }
  samples_flushed_ = samples;
  return absl::OkStatus();
}

absl::Status TsdbStore::MergeOne(const MergeTask& task) {
  const MergePolicy& policy = task.closing ? kClosedDayPolicy : kGrowingDayPolicy;
  if (absl::Status merged = merger_.Merge(task.id, policy); !merged.ok()) return merged;
  if (!task.closing || closing_.load()) return absl::OkStatus();
  const absl::optional<PartitionView> view = partitions_.Find(task.id);
  return view ? database_->Compact(*view->partition, "", "") : absl::OkStatus();
}

absl::StatusOr<DeletedSeries> TsdbStore::DeleteSeries(const std::vector<Matcher>& matchers) {
  const bool chooses = std::any_of(matchers.begin(), matchers.end(),
                                   [](const Matcher& one) { return !one.MatchesEmpty(); });
  if (!chooses) {
    return absl::InvalidArgumentError(
        absl::StrCat("deletion has ", matchers.size(),
                     " matchers, and none that refuses the empty value; all series would match"));
  }
  absl::MutexLock writers(&partitions_.writers());
  Committer::WritePause pause(*committer_);
  // Nothing is open from here on, so that there is one place to delete from.
  if (absl::Status sealed = sealer_.SealLocked(); !sealed.ok()) return sealed;
  const auto series = index_.Select(matchers, options_.series_max);
  if (!series.ok()) return series.status();
  std::vector<SeriesIndex::Entry> entries;
  std::vector<SeriesId> ids;
  for (size_t i = 0; i < series->size(); ++i) {
    entries.push_back((*series)[i]);
    ids.push_back((*series)[i].id);
  }
  if (absl::Status removed = removal_.Remove(std::move(entries)); !removed.ok()) return removed;
  index_.Forget(ids);
  pause.Forget(ids);
  log_.Info(absl::StrCat("storage: ", ids.size(), " series were deleted"));
  return DeletedSeries{ids.size()};
}

absl::StatusOr<StoreSnapshot> TsdbStore::Snapshot(const std::string& name) {
  return snapshots_.Make(name);
}

CardinalityReport TsdbStore::Cardinality(size_t top) { return index_.Cardinality(top); }

absl::Status TsdbStore::ExpireOld() {
  {
    absl::MutexLock merge(&merge_mutex_);  // Nobody drops what is being merged.
    const absl::Time now = clock_.Now();
    for (const PartitionView& view : partitions_.All()) {
      if (!plan_.IsExpired(view.id(), now)) continue;
      if (absl::Status dropped = Drop(view.id()); !dropped.ok()) return dropped;
    }
  }
  return ForgetIdle();
}

absl::Status TsdbStore::ForgetIdle() {
  absl::MutexLock writers(&partitions_.writers());
  Roaring alive;
  for (const PartitionView& view : partitions_.All()) alive |= view.contents->ids;
  Committer::WritePause pause(*committer_);
  for (const SeriesId id : open_.OpenSeries()) alive.add(id);
  const std::vector<SeriesId> ids = index_.IdleIds(alive, kIdleBeforeForgotten);
  if (ids.empty()) return absl::OkStatus();
  std::vector<SeriesIndex::Entry> entries;
  entries.reserve(ids.size());
  for (const SeriesId id : ids) entries.push_back({id, index_.SlotOfSeries(id)});
  if (absl::Status removed = removal_.Remove(std::move(entries)); !removed.ok()) return removed;
  index_.Forget(ids);
  pause.Forget(ids);
  log_.Info(absl::StrCat("storage: ", ids.size(), " series without samples were forgotten"));
  return absl::OkStatus();
}

absl::Status TsdbStore::Drop(const PartitionId& id) {
  absl::Status made;
  if (id.resolution == Resolution::kRaw) {
    // Not earlier: while the raw samples are there nobody reads their tiers, which would take a
    // fifth of the space of the raw ones, and be made again for each late sample.
    made = tier_maker_.Make(id);
    // Where there is no room for the tiers, the raw samples must go all the more.
    if (absl::IsResourceExhausted(made)) {
      log_.Warning(absl::StrCat("storage: partition ", id.Name(),
                                " goes without its tiers: ", made.message()));
    } else if (!made.ok()) {
      return made;
    }
  }
  absl::MutexLock writers(&partitions_.writers());
  const absl::optional<PartitionView> view = partitions_.Find(id);
  // A sealing wrote, or is about to finish writing, what no tier knows: next time.
  if (made.ok() && view && !view->contents->changed.isEmpty()) return absl::OkStatus();
  return partitions_.Drop(id);
}

absl::Status TsdbStore::MakeRoom() {
  if (options_.disk_bytes_max == 0) return absl::OkStatus();
  absl::MutexLock merge(&merge_mutex_);
  std::vector<PartitionSize> sizes;
  for (const PartitionView& view : partitions_.All()) {
    sizes.push_back({view.id(), database_->BytesOf(*view.partition)});
  }
  const DiskUse use{DiskBytes(), options_.disk_bytes_max};
  const EarlyExpiry early = ExpireEarly(sizes, use, clock_.Now());
  for (const PartitionId& id : early.partitions) {
    log_.Warning(absl::StrCat(
        "storage: partition ", id.Name(), " goes before its time: the store takes ", use.bytes,
        " bytes, at most ", use.bytes_max, " are allowed; shorten the retention or allow more"));
    if (absl::Status dropped = Drop(id); !dropped.ok()) return dropped;
    if (!partitions_.Find(id)) dropped_early_.Increment();
  }
  space_.SetDiskUse({early.bytes_left, use.bytes_max});
  return absl::OkStatus();
}

uint64_t TsdbStore::DiskBytes() {
  uint64_t bytes = 0;
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(directory_);
  if (!entries.ok()) return 0;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.type != FileType::kRegular) continue;
    // A file that RocksDB has just deleted counts for nothing.
    const absl::StatusOr<FileStatus> status =
        files_.Stat(absl::StrCat(directory_, "/", entry.name));
    if (status.ok()) bytes += status->size_bytes;
  }
  return bytes;
}

uint64_t TsdbStore::SamplesUnmerged() const {
  uint64_t samples = open_.samples();
  for (const PartitionView& view : partitions_.All()) samples += view.contents->young_samples;
  return samples;
}

StoreStatistics TsdbStore::Statistics() {
  StoreStatistics statistics{.series = index_.SeriesCount(),
                             .samples_ingested = committer_->samples_stored(),
                             .samples_open = open_.samples(),
                             .disk_bytes = DiskBytes(),
                             .free_bytes = space_.FreeBytes(),
                             .damaged_records = damage_->records(),
                             .refusal = committer_->Refusal()};
  for (const PartitionView& view : partitions_.All()) {
    ++statistics.partitions;
    if (view.id().resolution != Resolution::kRaw) continue;
    statistics.samples_sealed += view.contents->samples;
    statistics.chunk_bytes += view.contents->bytes;
    statistics.young_chunks += view.contents->young_rows;
  }
  return statistics;
}

}  // namespace ora::storage
