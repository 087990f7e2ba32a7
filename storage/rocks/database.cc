#include "storage/rocks/database.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/rocks/database_options.h"
#include "storage/rocks/disk_errors.h"
#include "storage/rocks/opened_rocks.h"
#include "storage/rocks/rescue/flush_waker.h"
#include "storage/rocks/rescue/log_syncs.h"
#include "storage/rocks/rescue/manifest_copies.h"
#include "storage/rocks/rocks_cursor.h"
#include "storage/rocks/rocks_status.h"

namespace ora::storage {
namespace {

constexpr size_t kProbeBytes = 64 << 10;

// A compaction of which nothing is left but a deletion of ranges makes a file without rows, and
// RocksDB aborts the process when the disk refuses that file. This row, which is in every family
// that had ranges deleted and sorts before all others, sees to it that something is left.
void DeleteRangeOf(rocksdb::ColumnFamilyHandle* family, absl::string_view begin,
                   absl::string_view end, rocksdb::WriteBatch& batch) {
  (void)batch.DeleteRange(family, SliceOf(begin), SliceOf(end));
  (void)batch.Put(family, SliceOf(kAnchorKey), rocksdb::Slice());
}

}  // namespace

Partition::Partition(PartitionId id, rocksdb::DB& db, rocksdb::ColumnFamilyHandle* handle)
    : id_(std::move(id)), db_(db), handle_(handle) {}

Partition::~Partition() { (void)db_.DestroyColumnFamilyHandle(handle_); }

uint32_t Partition::number() const { return handle_->GetID(); }

DatabaseChanges::DatabaseChanges(const Database& database)
    : database_(database), batch_(std::make_unique<rocksdb::WriteBatch>()) {}
DatabaseChanges::DatabaseChanges(DatabaseChanges&&) noexcept = default;
DatabaseChanges::~DatabaseChanges() = default;

// A WriteBatch in memory refuses nothing that is put here: the keys and values are small and of
// families that it knows.
void DatabaseChanges::Put(Family family, absl::string_view key, absl::string_view value) {
  (void)batch_->Put(database_.HandleOf(family), SliceOf(key), SliceOf(value));
}

void DatabaseChanges::Delete(Family family, absl::string_view key) {
  (void)batch_->Delete(database_.HandleOf(family), SliceOf(key));
}

void DatabaseChanges::DeleteRange(Family family, absl::string_view begin, absl::string_view end) {
  DeleteRangeOf(database_.HandleOf(family), begin, end, *batch_);
}

void DatabaseChanges::Put(const Partition& partition, absl::string_view key,
                          absl::string_view value) {
  (void)batch_->Put(Use(partition), SliceOf(key), SliceOf(value));
}

void DatabaseChanges::Delete(const Partition& partition, absl::string_view key) {
  (void)batch_->Delete(Use(partition), SliceOf(key));
}

void DatabaseChanges::DeleteRange(const Partition& partition, absl::string_view begin,
                                  absl::string_view end) {
  DeleteRangeOf(Use(partition), begin, end, *batch_);
}

rocksdb::ColumnFamilyHandle* DatabaseChanges::Use(const Partition& partition) {
  if (std::find(partitions_.begin(), partitions_.end(), &partition) == partitions_.end()) {
    partitions_.push_back(&partition);
  }
  return partition.handle_;
}

size_t DatabaseChanges::bytes() const { return batch_->GetDataSize(); }

Database::Database(DatabaseFiles files, std::unique_ptr<rocksdb::Env> env,
                   std::unique_ptr<DatabaseOptions> options, std::shared_ptr<DiskErrors> errors,
                   std::unique_ptr<rocksdb::DB> db, DamageReport report)
    : files_(std::move(files)),
      env_(std::move(env)),
      options_(std::move(options)),
      errors_(std::move(errors)),
      db_(std::move(db)),
      report_(std::move(report)) {}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& directory,
                                                         const DatabaseFiles& files,
                                                         DamageReport report) {
  const std::shared_ptr<rocksdb::FileSystem> system =
      WithIdleLogSyncs(WithManifestCopies(files.system()));
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(system);
  const auto errors = std::make_shared<DiskErrors>(report);
  auto options = std::make_unique<DatabaseOptions>(directory, env.get(), errors);
  absl::StatusOr<OpenedRocks> opened = OpenRocks(directory, *options, report);
  if (!opened.ok()) return opened.status();
  std::unique_ptr<Database> database(new Database(files, std::move(env), std::move(options), errors,
                                                  std::move(opened->db), std::move(report)));
  database->Adopt(opened->names, opened->handles);
  if (absl::Status made = database->MakeWaker(); !made.ok()) return made;
  return database;
}

void Database::Adopt(const std::vector<std::string>& names,
                     const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < names.size(); ++i) {
    if (const absl::optional<Family> family = FamilyOf(names[i])) {
      families_[static_cast<size_t>(*family)] = handles[i];
    } else if (absl::optional<PartitionId> id = PartitionId::Parse(names[i])) {
      partitions_.emplace(*id,
                          std::shared_ptr<const Partition>(new Partition(*id, *db_, handles[i])));
    } else if (absl::StartsWith(names[i], kWakerPrefix)) {
      (void)db_->DropColumnFamily(handles[i]);  // A crash came before it was.
      (void)db_->DestroyColumnFamilyHandle(handles[i]);
    } else {
      strangers_.push_back(handles[i]);
      if (names[i] == rocksdb::kDefaultColumnFamilyName) {
        default_family_ = handles[i];
        continue;
      }
      report_(absl::StrCat("column family ", names[i]),
              "its name is none that this program gives; it is left as it is");
    }
  }
}

absl::Status Database::MakeWaker() {
  absl::StatusOr<std::unique_ptr<FlushWaker>> made = FlushWaker::Make(*db_);
  if (!made.ok()) return made.status();
  waker_ = *std::move(made);
  return absl::OkStatus();
}

Database::~Database() {
  waker_.reset();
  {
    absl::MutexLock lock(&mutex_);
    partitions_.clear();
  }
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    (void)db_->DestroyColumnFamilyHandle(family);
  }
  for (rocksdb::ColumnFamilyHandle* stranger : strangers_) {
    (void)db_->DestroyColumnFamilyHandle(stranger);
  }
  (void)db_->Close();
}

absl::Status Database::Write(DatabaseChanges changes, Durability durability) {
  if (changes.partitions_.empty()) return WriteBatchOf(changes, durability);
  absl::ReaderMutexLock lock(&mutex_);
  if (absl::Status there = CheckAreThere(changes.partitions_); !there.ok()) return there;
  for (const Partition* partition : changes.partitions_) partition->writes_begun_.fetch_add(1);
  const absl::Status written = WriteBatchOf(changes, durability);
  for (const Partition* partition : changes.partitions_) partition->writes_over_.fetch_add(1);
  return written;
}

absl::Status Database::CheckAreThere(const std::vector<const Partition*>& partitions) const {
  for (const Partition* partition : partitions) {
    const auto at = partitions_.find(partition->id());
    if (at != partitions_.end() && at->second.get() == partition) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "database: write to partition ", partition->id().Name(), ", which is dropped"));
  }
  return absl::OkStatus();
}

absl::Status Database::WriteBatchOf(const DatabaseChanges& changes, Durability durability) {
  StopDamagedCompactions();
  if (absl::Status accepted = AcceptWrites(); !accepted.ok()) return accepted;
  PutSpareRow();
  TrustLog();
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kSynced;
  const rocksdb::Status written = db_->Write(options, changes.batch_.get());
  if (!written.ok()) errors_->set_stopped(true);
  return StatusOf(written, "write");
}

absl::Status Database::AcceptWrites() {
  if (!errors_->stopped()) return absl::OkStatus();
  absl::MutexLock lock(&resume_mutex_);
  if (!errors_->stopped()) return absl::OkStatus();
  if (absl::Status ready = CheckReadyToResume(); !ready.ok()) return ready;
  errors_->set_stopped(false);
  const rocksdb::Status resumed = Resume();
  if (!resumed.ok()) errors_->set_stopped(true);
  return StatusOf(resumed, "resume after an error of the disk");
}

absl::Status Database::CheckReadyToResume() const {
  uint64_t running = 0;
  (void)db_->GetIntProperty(rocksdb::DB::Properties::kNumRunningFlushes, &running);
  if (running > 0) {
    return absl::UnavailableError("database: an error of the disk is still being dealt with");
  }
  const std::string probe = absl::StrCat(db_->GetName(), "/probe.sst");
  rocksdb::Status written = rocksdb::WriteStringToFile(env_.get(), std::string(kProbeBytes, 'x'),
                                                       probe, /*should_sync=*/true);
  const rocksdb::Status deleted = env_->DeleteFile(probe);
  if (written.ok()) written = deleted;
  return StatusOf(written, "write to the disk after an error of it");
}

rocksdb::Status Database::Resume() {
  // RocksDB takes it for granted that no file is deleted when it resumes after an error in the
  // manifest, and forbids it for some of those errors only. It allows it again when it has resumed.
  rocksdb::Status resumed = db_->DisableFileDeletions();
  if (!resumed.ok()) return resumed;
  waker_->Wake();
  // RocksDB stays read-only after a disk error until it is told that the disk may be well again.
  resumed = db_->Resume();
  if (!resumed.ok()) {
    (void)db_->EnableFileDeletions(/*force=*/false);
    return resumed;
  }
  PutSpareRow();
  TrustLog();
  // Resuming need not touch the log. A mark in it, which no row comes of, shows how that is.
  rocksdb::WriteBatch mark;
  (void)mark.PutLogData("resumed");
  rocksdb::WriteOptions options;
  options.sync = true;
  return db_->Write(options, &mark);
}

void Database::PutSpareRow() {
  if (!errors_->TakeSpareRowWanted()) return;
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  // Where it fails the write that follows fails too.
  if (!db_->Put(options, default_family_, "spare", "").ok()) errors_->set_spare_row_wanted();
}

void Database::TrustLog() {
  if (errors_->TakeLogChanged()) (void)db_->SyncWAL();
}

void Database::StopDamagedCompactions() {
  for (const std::string& family : errors_->TakeDamagedFamilies()) {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    if (const absl::optional<Family> own = FamilyOf(family)) handle = HandleOf(*own);
    std::shared_ptr<const Partition> held;
    if (const absl::optional<PartitionId> id = PartitionId::Parse(family)) {
      for (std::shared_ptr<const Partition>& partition : Partitions()) {
        if (partition->id() == *id) held = std::move(partition);
      }
      if (held != nullptr) handle = held->handle_;
    }
    // Until the next open; then it is tried once more.
    if (handle != nullptr) (void)db_->SetOptions(handle, {{"disable_auto_compactions", "true"}});
  }
}

absl::StatusOr<absl::optional<std::string>> Database::Get(rocksdb::ColumnFamilyHandle* handle,
                                                          absl::string_view key) const {
  std::string value;
  const rocksdb::Status got = db_->Get(rocksdb::ReadOptions(), handle, SliceOf(key), &value);
  if (got.IsNotFound()) return absl::optional<std::string>();
  if (!got.ok()) return StatusOf(got, "read a row");
  return absl::optional<std::string>(std::move(value));
}

absl::StatusOr<absl::optional<std::string>> Database::Get(Family family,
                                                          absl::string_view key) const {
  return Get(HandleOf(family), key);
}

absl::StatusOr<absl::optional<std::string>> Database::Get(const Partition& partition,
                                                          absl::string_view key) const {
  return Get(partition.handle_, key);
}

std::unique_ptr<RowCursor> Database::Rows(rocksdb::ColumnFamilyHandle* handle,
                                          const DatabaseSnapshot* snapshot) const {
  rocksdb::ReadOptions options;
  if (snapshot != nullptr) options.snapshot = static_cast<const RocksSnapshot*>(snapshot)->get();
  return std::make_unique<RocksCursor>(
      std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, handle)));
}

std::unique_ptr<RowCursor> Database::Rows(Family family, const DatabaseSnapshot* snapshot) const {
  return Rows(HandleOf(family), snapshot);
}

std::unique_ptr<RowCursor> Database::Rows(const Partition& partition,
                                          const DatabaseSnapshot* snapshot) const {
  return Rows(partition.handle_, snapshot);
}

std::unique_ptr<DatabaseSnapshot> Database::Snapshot() const {
  return std::make_unique<RocksSnapshot>(*db_);
}

absl::StatusOr<std::shared_ptr<const Partition>> Database::CreatePartition(const PartitionId& id) {
  absl::MutexLock lock(&mutex_);
  if (const auto at = partitions_.find(id); at != partitions_.end()) return at->second;
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  const rocksdb::Status made =
      db_->CreateColumnFamily(options_->Of(id.resolution), id.Name(), &handle);
  if (!made.ok()) return StatusOf(made, absl::StrCat("create partition ", id.Name()));
  std::shared_ptr<const Partition> partition(new Partition(id, *db_, handle));
  partitions_.emplace(id, partition);
  return partition;
}

std::vector<std::shared_ptr<const Partition>> Database::Partitions() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<std::shared_ptr<const Partition>> partitions;
  partitions.reserve(partitions_.size());
  for (const auto& [id, partition] : partitions_) partitions.push_back(partition);
  return partitions;
}

absl::Status Database::DropPartition(const std::shared_ptr<const Partition>& partition) {
  absl::MutexLock lock(&mutex_);
  const auto at = partitions_.find(partition->id());
  if (at == partitions_.end() || at->second != partition) return absl::OkStatus();
  const rocksdb::Status dropped = db_->DropColumnFamily(partition->handle_);
  if (!dropped.ok()) {
    return StatusOf(dropped, absl::StrCat("drop partition ", partition->id().Name()));
  }
  partitions_.erase(at);
  return absl::OkStatus();
}

uint64_t Database::BytesOf(const Partition& partition) const {
  uint64_t files = 0;
  uint64_t memtables = 0;
  (void)db_->GetIntProperty(partition.handle_, rocksdb::DB::Properties::kLiveSstFilesSize, &files);
  (void)db_->GetIntProperty(partition.handle_, rocksdb::DB::Properties::kCurSizeAllMemTables,
                            &memtables);
  return files + memtables;
}

absl::Status Database::Compact(const Partition& partition, absl::string_view begin,
                               absl::string_view end) {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  const rocksdb::Slice first = SliceOf(begin);
  const rocksdb::Slice last = SliceOf(end);
  return StatusOf(db_->CompactRange(options, partition.handle_, begin.empty() ? nullptr : &first,
                                    end.empty() ? nullptr : &last),
                  absl::StrCat("compact partition ", partition.id().Name()));
}

absl::Status Database::Compact(Family family) {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  return StatusOf(db_->CompactRange(options, HandleOf(family), nullptr, nullptr),
                  absl::StrCat("compact ", NameOf(family)));
}

absl::Status Database::Flush() {
  std::vector<rocksdb::ColumnFamilyHandle*> handles(families_.begin(), families_.end());
  handles.push_back(default_family_);
  const std::vector<std::shared_ptr<const Partition>> partitions = Partitions();
  for (const auto& partition : partitions) handles.push_back(partition->handle_);
  return StatusOf(db_->Flush(rocksdb::FlushOptions(), handles), "write out what is in memory");
}

absl::Status Database::Checkpoint(const std::string& directory) {
  absl::MutexLock lock(&resume_mutex_);  // Resuming would let files go that are being copied.
  rocksdb::Checkpoint* raw = nullptr;
  rocksdb::Status made = rocksdb::Checkpoint::Create(db_.get(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  if (made.ok()) made = checkpoint->CreateCheckpoint(directory);
  return StatusOf(made, absl::StrCat("copy to ", directory));
}

}  // namespace ora::storage
