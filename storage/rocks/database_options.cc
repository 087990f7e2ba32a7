#include "storage/rocks/database_options.h"

#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <utility>

#include "storage/rocks/info_log.h"

namespace ora::storage {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kSstBytes = 32 * kMiB;
constexpr uint64_t kWalBytesMax = 64 * kMiB;
constexpr uint64_t kManifestBytesMax = 64 * kMiB;
constexpr size_t kManifestPreallocationBytes = 64 << 10;
constexpr size_t kBlockBytes = 16 << 10;
constexpr int kRawRestartInterval = 2;
constexpr size_t kMemtableBytes = 8 * kMiB;
constexpr size_t kBatchMemtableBytes = 32 * kMiB;
// Of a family: one that is written to, one that is written out, and those that a bad disk leaves.
constexpr int kMemtablesMax = 5;
// What a memtable takes at a time: hundreds of partitions have one, and few of them are written to.
constexpr size_t kArenaBlockBytes = 64 << 10;
constexpr int kOpenFilesMax = 512;
constexpr int kBackgroundJobs = 2;
constexpr size_t kInfoLogFiles = 3;
constexpr size_t kInfoLogBytesMax = 4 * kMiB;
// Compactions that cannot go on, for a damaged file, must not hold up writes.
constexpr int kLevel0FilesNever = 1 << 20;
constexpr uint64_t kCompactionDebtNever = uint64_t{1} << 60;

}  // namespace

DatabaseOptions::DatabaseOptions(const std::string& directory, rocksdb::Env* env,
                                 std::shared_ptr<rocksdb::EventListener> listener)
    : cache_(rocksdb::NewLRUCache(kMemoryBytesMax)) {
  db_.env = env;
  db_.listeners.push_back(std::move(listener));
  db_.max_bgerror_resume_count = 0;  // We resume: when a write comes, or when we are asked.
  db_.create_if_missing = true;
  db_.create_missing_column_families = true;
  db_.max_total_wal_size = kWalBytesMax;
  db_.recycle_log_file_num = 0;
  db_.max_manifest_file_size = kManifestBytesMax;
  db_.manifest_preallocation_size = kManifestPreallocationBytes;
  // So that a damaged IDENTITY file is noticed.
  db_.write_dbid_to_manifest = true;
  db_.max_open_files = kOpenFilesMax;
  db_.max_background_jobs = kBackgroundJobs;
  db_.keep_log_file_num = kInfoLogFiles;
  db_.max_log_file_size = kInfoLogBytesMax;
  db_.info_log_level = rocksdb::WARN_LEVEL;
  std::shared_ptr<rocksdb::Logger> log;
  if (rocksdb::CreateLoggerFromOptions(directory, db_, &log).ok()) {
    db_.info_log = std::make_shared<InfoLog>(std::move(log));
  }
  db_.stats_dump_period_sec = 0;
  db_.stats_persist_period_sec = 0;
  db_.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(kMemtableBytesMax, cache_);
  // What is in the log is durable: a stop need not write it out again.
  db_.avoid_flush_during_shutdown = true;
  // A damaged record in the log costs itself, not all after it; the numbers of the batch records
  // tell recovery what is missing.
  db_.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
}

rocksdb::ColumnFamilyOptions DatabaseOptions::Base() const {
  rocksdb::ColumnFamilyOptions options;
  options.target_file_size_base = kSstBytes;
  options.write_buffer_size = kMemtableBytes;
  options.max_write_buffer_number = kMemtablesMax;
  options.arena_block_size = kArenaBlockBytes;
  options.compression = rocksdb::kLZ4Compression;
  options.level0_slowdown_writes_trigger = kLevel0FilesNever;
  options.level0_stop_writes_trigger = kLevel0FilesNever;
  options.soft_pending_compaction_bytes_limit = kCompactionDebtNever;
  options.hard_pending_compaction_bytes_limit = kCompactionDebtNever;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache_;
  table.block_size = kBlockBytes;
  table.format_version = 5;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::ColumnFamilyOptions DatabaseOptions::Of(Family family) const {
  rocksdb::ColumnFamilyOptions options = Base();
  if (family == Family::kBatches) {
    options.write_buffer_size = kBatchMemtableBytes;
    options.compression = rocksdb::kNoCompression;  // Packed, and short-lived.
  }
  if (family == Family::kSeries) options.compression = rocksdb::kZSTD;
  return options;
}

rocksdb::ColumnFamilyOptions DatabaseOptions::Of(Resolution resolution) const {
  rocksdb::ColumnFamilyOptions options = Base();
  if (resolution == Resolution::kRaw) {
    options.compression = rocksdb::kNoCompression;  // Packed.
    // Values are long beside keys: a row is to be found at once, rather than a few bytes saved.
    options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>()->block_restart_interval =
        kRawRestartInterval;
  }
  return options;
}

}  // namespace ora::storage
