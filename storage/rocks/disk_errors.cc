#include "storage/rocks/disk_errors.h"

#include <rocksdb/db.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace ora::storage {

using rocksdb::BackgroundErrorReason;
using rocksdb::Status;

std::vector<std::string> DiskErrors::TakeDamagedFamilies() {
  if (!damaged_.load()) return {};
  absl::MutexLock lock(&mutex_);
  damaged_.store(false);
  return std::exchange(damaged_families_, {});
}

void DiskErrors::OnBackgroundError(BackgroundErrorReason reason, Status* error) {
  if (reason == BackgroundErrorReason::kCompaction) {
    // The rows are where they were: writes have no part in it, readers step over damage, and what
    // the disk refused is tried again in a second. To stop for it would be worse than useless: a
    // write-out that was due and finds RocksDB stopped is lost from its queue, and resuming waits
    // for it for ever.
    *error = Status::OK();
    return;
  }
  stopped_.store(true);
  // RocksDB gives a database up whose disk has erred once. What it holds in memory and what was
  // acknowledged is whole, though, and resuming writes all of it to new files.
  if (error->IsIOError() && error->severity() > Status::Severity::kHardError) {
    *error = Status(*error, Status::Severity::kHardError);
  }
}

void DiskErrors::OnErrorRecoveryBegin(BackgroundErrorReason, Status, bool* auto_recovery) {
  *auto_recovery = false;  // It would keep us from resuming, and look for room in its own time.
}

void DiskErrors::OnMemTableSealed(const rocksdb::MemTableInfo& memtable) {
  log_changed_.store(true);
  if (memtable.cf_name == rocksdb::kDefaultColumnFamilyName) spare_row_wanted_.store(true);
}

void DiskErrors::OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& job) {
  if (!job.status.IsCorruption()) return;
  report_(absl::StrCat("a block of family ", job.cf_name), job.status.ToString());
  absl::MutexLock lock(&mutex_);
  damaged_families_.push_back(job.cf_name);
  damaged_.store(true);
}

}  // namespace ora::storage
