// What RocksDB meets in the background: keeps it from refusing writes for ever.
#pragma once

#include <rocksdb/listener.h>

#include <atomic>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/rocks/database.h"

namespace ora::storage {

// Writes go on while compactions fail, and a damaged block that one meets is reported. Any other
// error of the disk stops writes until Resume succeeds. Thread-safe.
class DiskErrors final : public rocksdb::EventListener {
 public:
  explicit DiskErrors(DamageReport report) : report_(std::move(report)) {}

  // RocksDB accepts no writes until it is resumed.
  bool stopped() const { return stopped_.load(); }
  void set_stopped(bool stopped) { stopped_.store(stopped); }

  // Families whose compaction met damage since the last call; it would meet it again each second.
  std::vector<std::string> TakeDamagedFamilies() ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether a spare row (see Database) is wanted: at first, and when the memory of its family is
  // set aside to be written out.
  bool TakeSpareRowWanted() { return spare_row_wanted_.exchange(false); }
  void set_spare_row_wanted() { spare_row_wanted_.store(true); }

  // Whether there may be another log than at the last call.
  bool TakeLogChanged() { return log_changed_.exchange(false); }

  // RocksDB's, on its threads.
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                            bool* auto_recovery) override;
  void OnMemTableSealed(const rocksdb::MemTableInfo& memtable) override;
  void OnCompactionCompleted(rocksdb::DB* db, const rocksdb::CompactionJobInfo& job) override;

 private:
  const DamageReport report_;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> spare_row_wanted_{true};
  std::atomic<bool> log_changed_{true};
  std::atomic<bool> damaged_{false};  // There is a family to take.
  absl::Mutex mutex_;
  std::vector<std::string> damaged_families_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
