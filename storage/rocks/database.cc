#include "storage/rocks/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kSstBytes = 32 * kMiB;
constexpr uint64_t kWalBytesMax = 64 * kMiB;
constexpr uint64_t kManifestBytesMax = 64 * kMiB;
constexpr size_t kBlockCacheBytes = 64 * kMiB;
constexpr size_t kBlockBytes = 16 << 10;
constexpr size_t kMemtableBytes = 8 * kMiB;
constexpr size_t kBatchMemtableBytes = 32 * kMiB;
constexpr int kOpenFilesMax = 512;
constexpr int kBackgroundJobs = 2;
constexpr size_t kInfoLogFiles = 3;
constexpr size_t kInfoLogBytesMax = 4 * kMiB;

constexpr const char* kFamilyNames[kFamilies] = {"meta",   "series", "batches",
                                                 "chunks", "marks",  "state"};

rocksdb::Slice SliceOf(absl::string_view text) { return {text.data(), text.size()}; }
absl::string_view ViewOf(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status StatusOf(const rocksdb::Status& status, absl::string_view action) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat("database: ", action, ": ", status.ToString());
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(message);
  if (status.IsCorruption()) return absl::DataLossError(message);
  return absl::UnavailableError(message);
}

absl::Status OpenStatusOf(const rocksdb::Status& status, const std::string& directory) {
  const std::string reason = status.ToString();
  if (status.IsIOError() && absl::StrContains(reason, "lock")) {
    return absl::FailedPreconditionError(
        absl::StrCat("store ", directory, " is in use by another process (", reason,
                     "); stop that one or choose another directory"));
  }
  if (status.IsInvalidArgument() || status.IsNotSupported()) {
    return absl::FailedPreconditionError(
        absl::StrCat("store ", directory, " was written by another version: ", reason));
  }
  return StatusOf(status, absl::StrCat("open ", directory));
}

rocksdb::DBOptions MakeOptions() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_total_wal_size = kWalBytesMax;
  options.recycle_log_file_num = 0;
  options.max_manifest_file_size = kManifestBytesMax;
  options.max_open_files = kOpenFilesMax;
  options.max_background_jobs = kBackgroundJobs;
  options.keep_log_file_num = kInfoLogFiles;
  options.max_log_file_size = kInfoLogBytesMax;
  options.info_log_level = rocksdb::WARN_LEVEL;
  // What is in the log is durable: a stop need not write it out again.
  options.avoid_flush_during_shutdown = true;
  // A damaged record in the log costs itself, not all after it; the numbers of the batch records
  // tell recovery what is missing.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  return options;
}

rocksdb::ColumnFamilyOptions MakeFamilyOptions(Family family,
                                               std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::ColumnFamilyOptions options;
  options.target_file_size_base = kSstBytes;
  options.write_buffer_size = family == Family::kBatches ? kBatchMemtableBytes : kMemtableBytes;
  const bool packed = family == Family::kChunks || family == Family::kBatches;
  options.compression = packed ? rocksdb::kNoCompression : rocksdb::kLZ4Compression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.block_size = kBlockBytes;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

class RocksSnapshot final : public DatabaseSnapshot {
 public:
  explicit RocksSnapshot(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}
  ~RocksSnapshot() override { db_.ReleaseSnapshot(snapshot_); }
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* const snapshot_;
};

class Cursor final : public RowCursor {
 public:
  explicit Cursor(std::unique_ptr<rocksdb::Iterator> iterator) : iterator_(std::move(iterator)) {}

  void Seek(absl::string_view key) override { iterator_->Seek(SliceOf(key)); }
  void Next() override { iterator_->Next(); }
  bool Valid() const override { return iterator_->Valid(); }
  absl::string_view key() const override { return ViewOf(iterator_->key()); }
  absl::string_view value() const override { return ViewOf(iterator_->value()); }
  absl::Status status() const override { return StatusOf(iterator_->status(), "read rows"); }

 private:
  const std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace

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
  (void)batch_->DeleteRange(database_.HandleOf(family), SliceOf(begin), SliceOf(end));
}

size_t DatabaseChanges::bytes() const { return batch_->GetDataSize(); }

Database::Database(std::unique_ptr<rocksdb::DB> db,
                   std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families)
    : db_(std::move(db)), families_(families) {}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& directory) {
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName,
                           MakeFamilyOptions(Family::kMeta, cache));
  for (size_t i = 0; i < kFamilies; ++i) {
    descriptors.emplace_back(kFamilyNames[i], MakeFamilyOptions(static_cast<Family>(i), cache));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened =
      rocksdb::DB::Open(MakeOptions(), directory, descriptors, &handles, &raw);
  if (!opened.ok()) return OpenStatusOf(opened, directory);
  std::unique_ptr<rocksdb::DB> db(raw);
  (void)db->DestroyColumnFamilyHandle(handles[0]);  // The default family holds nothing.
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families{};
  for (size_t i = 0; i < kFamilies; ++i) families[i] = handles[i + 1];
  return std::unique_ptr<Database>(new Database(std::move(db), families));
}

Database::~Database() {
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    (void)db_->DestroyColumnFamilyHandle(family);
  }
  (void)db_->Close();
}

absl::Status Database::Write(DatabaseChanges changes, Durability durability) {
  if (refused_.load()) {
    // RocksDB stays read-only after a disk error until it is told that the disk may be well again.
    if (const rocksdb::Status resumed = db_->Resume(); !resumed.ok()) {
      return StatusOf(resumed, "resume after a refused write");
    }
  }
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kSynced;
  const rocksdb::Status written = db_->Write(options, changes.batch_.get());
  refused_.store(!written.ok());
  return StatusOf(written, "write");
}

absl::StatusOr<absl::optional<std::string>> Database::Get(Family family,
                                                          absl::string_view key) const {
  std::string value;
  const rocksdb::Status got =
      db_->Get(rocksdb::ReadOptions(), HandleOf(family), SliceOf(key), &value);
  if (got.IsNotFound()) return absl::optional<std::string>();
  if (!got.ok()) return StatusOf(got, "read a row");
  return absl::optional<std::string>(std::move(value));
}

std::unique_ptr<RowCursor> Database::Rows(Family family, const DatabaseSnapshot* snapshot) const {
  rocksdb::ReadOptions options;
  if (snapshot != nullptr) options.snapshot = static_cast<const RocksSnapshot*>(snapshot)->get();
  return std::make_unique<Cursor>(
      std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, HandleOf(family))));
}

std::unique_ptr<DatabaseSnapshot> Database::Snapshot() const {
  return std::make_unique<RocksSnapshot>(*db_);
}

}  // namespace ora::storage
