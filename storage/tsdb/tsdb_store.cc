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

constexpr absl::Duration kExpireEvery = absl::Hours(1);
constexpr absl::Duration kSealAgainAfterError = absl::Minutes(1);

std::string DirectoryOf(const std::string& parent, ShardId shard) {
  return absl::StrCat(parent, "/shard-", absl::Dec(shard.number, absl::kZeroPad4));
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
  const std::string directory = DirectoryOf(uri->directory, ShardId{0});
  if (absl::Status made = files.CreateDirectories(directory); !made.ok()) return made;
  auto damage = std::make_unique<DamageLog>(log, counters);
  absl::StatusOr<std::unique_ptr<Database>> database =
      Database::Open(directory, database_files,
                     [damage = damage.get()](absl::string_view object, absl::string_view reason) {
                       damage->Report(object, reason);
                     });
  if (!database.ok()) return database.status();
  auto store = std::make_unique<TsdbStore>(options, directory, std::move(damage),
                                           *std::move(database), clock, files, log, counters);
  if (absl::Status started = store->Start(); !started.ok()) {
    return absl::Status(started.code(), absl::StrCat("store ", directory, ": ", started.message()));
  }
  return store;
}

TsdbStore::TsdbStore(const TimeSeriesStoreOptions& options, std::string directory,
                     std::unique_ptr<DamageLog> damage, std::unique_ptr<Database> database,
                     Clock& clock, FileSystem& files, LogSink& log, Counters& counters)
    : options_(options),
      directory_(std::move(directory)),
      clock_(clock),
      files_(files),
      log_(log),
      counters_(counters),
      damage_(std::move(damage)),
      database_(std::move(database)),
      index_(options.series_max),
      space_(directory_, options.free_bytes_floor, clock, files),
      sealer_(*database_, index_, open_, counters),
      state_(*database_) {}

TsdbStore::~TsdbStore() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (upkeep_.joinable()) upkeep_.join();
}

absl::Status TsdbStore::Start() {
  const absl::Duration begun = clock_.Monotonic();
  const absl::StatusOr<ShardMeta> meta = ShardMeta::Open(*database_, *damage_);
  if (!meta.ok()) return meta.status();
  if (absl::Status series = RecoverSeries(*database_, *meta, *damage_, index_); !series.ok()) {
    return series;
  }
  if (absl::Status marks = marks_.Load(*database_, *damage_); !marks.ok()) return marks;
  const absl::StatusOr<Recovered> recovered =
      RecoverOpenChunks(*database_, index_, meta->watermark, *damage_, {open_, marks_});
  if (!recovered.ok()) return recovered.status();
  sealer_.Restore(*meta);
  log_.Info(absl::StrCat("storage: opened ", directory_, ", epoch ", meta->epoch, ": ",
                         index_.SeriesCount(), " series, ", recovered->samples, " samples of ",
                         recovered->batches, " batches not yet sealed, ", damage_->records(),
                         " damaged records, in ",
                         absl::FormatDuration(clock_.Monotonic() - begun)));
  {
    absl::MutexLock lock(&mutex_);
    next_seal_ = begun + options_.seal_interval;
    next_expiry_ = begun + kExpireEvery;
    seal_wanted_ = open_.bytes() >= options_.open_bytes_max;
  }
  committer_ = std::make_unique<Committer>(
      options_, CommitTargets{*database_, index_, open_, marks_, space_},
      recovered->log_number_next, [this] { WantSeal(); }, clock_, log_, counters_);
  upkeep_ = std::thread([this] { RunUpkeep(); });
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<SeriesCursor>> TsdbStore::Select(const SelectRequest& request) {
  absl::StatusOr<std::vector<SeriesIndex::Entry>> series =
      index_.Select(request.matchers, request.series_max);
  if (!series.ok()) return series.status();
  std::vector<SeriesId> ids;
  ids.reserve(series->size());
  for (const SeriesIndex::Entry& entry : *series) ids.push_back(entry.id);
  CursorSelection selection;
  selection.series = *std::move(series);
  selection.range = request.range;
  selection.view = open_.Capture(*database_, ids);
  // After the capture, so that none is missing that a sealing made before it.
  for (std::shared_ptr<const Partition>& partition : database_->Partitions()) {
    const bool overlaps = partition->id().resolution == Resolution::kRaw &&
                          StartOf(partition->id().first_day) <= request.range.end_millis &&
                          request.range.start_millis < StartOf(partition->id().end_day());
    if (overlaps) selection.partitions.push_back(std::move(partition));
  }
  return MakeSeriesCursor({database_.get(), &index_, &open_, damage_.get()}, std::move(selection));
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

absl::Status TsdbStore::Settle() { return sealer_.Seal(); }

absl::StatusOr<DeletedSeries> TsdbStore::DeleteSeries(const std::vector<Matcher>&) {
  return absl::UnimplementedError("store: deletion by matcher is not there yet");
}

absl::StatusOr<StoreSnapshot> TsdbStore::Snapshot(const std::string&) {
  return absl::UnimplementedError("store: snapshots are not there yet");
}

CardinalityReport TsdbStore::Cardinality(size_t) {
  return {.series = index_.SeriesCount(), .series_max = options_.series_max};
}

absl::Status TsdbStore::ExpireOld() {
  // A day goes when its last millisecond is older than the retention. Nothing is older than 1970.
  const absl::Time oldest = std::max(clock_.Now() - options_.retention.raw, absl::UnixEpoch());
  return sealer_.DropBefore(DayOf(absl::ToUnixMillis(oldest)));
}

void TsdbStore::RunUpkeep() {
  for (;;) {
    const Duties duties = AwaitDuties();
    if (duties.stop) return;
    if (duties.seal) SealByItself();
    if (!duties.expire) continue;
    if (const absl::Status expired = ExpireOld(); !expired.ok()) {
      log_.Warning(absl::StrCat("storage: expiry is put off by an hour: ", expired.message()));
    }
  }
}

TsdbStore::Duties TsdbStore::AwaitDuties() {
  absl::MutexLock lock(&mutex_);
  const absl::Duration wait = std::min(next_seal_, next_expiry_) - clock_.Monotonic();
  const auto called = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || seal_wanted_;
  };
  clock_.Await(mutex_, absl::Condition(&called), std::max(wait, absl::ZeroDuration()));
  const absl::Duration now = clock_.Monotonic();
  const Duties duties{stopping_, seal_wanted_ || now >= next_seal_, now >= next_expiry_};
  seal_wanted_ = false;
  if (duties.seal) next_seal_ = now + options_.seal_interval;
  if (duties.expire) next_expiry_ = now + kExpireEvery;
  return duties;
}

void TsdbStore::SealByItself() {
  const absl::Status sealed = sealer_.Seal();
  if (sealed.ok()) return;
  log_.Warning(absl::StrCat("storage: sealing is put off by a minute: ", sealed.message()));
  absl::MutexLock lock(&mutex_);
  next_seal_ = std::min(next_seal_, clock_.Monotonic() + kSealAgainAfterError);
}

void TsdbStore::WantSeal() {
  absl::MutexLock lock(&mutex_);
  seal_wanted_ = true;
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

StoreStatistics TsdbStore::Statistics() {
  const DayTotals sealed = sealer_.Totals();
  return {.series = index_.SeriesCount(),
          .samples_ingested = committer_->samples_stored(),
          .samples_open = open_.samples(),
          .samples_sealed = sealed.samples,
          .chunk_bytes = sealed.chunk_bytes,
          .disk_bytes = DiskBytes(),
          .free_bytes = space_.FreeBytes(),
          .damaged_records = damage_->records(),
          .refusal = committer_->Refusal()};
}

}  // namespace ora::storage
