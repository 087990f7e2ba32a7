// One RocksDB, its column families and its errors: nothing outside this folder sees a RocksDB
// header.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "storage/rocks/database_files.h"
#include "storage/rocks/keys.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Env;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace ora::storage {

// The families that are always there; what their keys and values are: ../FORMAT.md. Each partition
// of samples has one more. The mirror is for rows of kMeta that are to be in two files.
enum class Family : uint8_t { kMeta, kSeries, kBatches, kMarks, kState, kMirror };
inline constexpr size_t kFamilies = 6;

class Database;
class DatabaseOptions;
class DiskErrors;
class FlushWaker;

// Says what was found damaged: the object, such as `file 000012.sst of partition
// raw.default.20415`, and the reason. Called on any thread, in Open already; must not call the
// database.
using DamageReport = std::function<void(absl::string_view object, absl::string_view reason)>;

// Rows of one resolution, rule and stretch of days, in a family of its own, which goes as a whole.
// Held by shared_ptr, since readers may still read what was dropped; must not outlive the database.
class Partition {
 public:
  ~Partition();
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  const PartitionId& id() const { return id_; }
  // No other partition of the database has this number, nor had it.
  uint32_t number() const;

  // How many writes to its rows were begun since the database was opened, and how many of them are
  // over, whatever came of them. Where as many were over before a snapshot was taken as are begun
  // after it, the snapshot has the rows as these writes left them. Any thread.
  uint64_t writes_begun() const { return writes_begun_.load(); }
  uint64_t writes_over() const { return writes_over_.load(); }

 private:
  friend class Database;
  friend class DatabaseChanges;

  Partition(PartitionId id, rocksdb::DB& db, rocksdb::ColumnFamilyHandle* handle);

  const PartitionId id_;
  rocksdb::DB& db_;
  rocksdb::ColumnFamilyHandle* const handle_;
  mutable std::atomic<uint64_t> writes_begun_{0};  // Counted by the database.
  mutable std::atomic<uint64_t> writes_over_{0};
};

// Changes that become durable together, or not at all. Must not outlive the database.
class DatabaseChanges {
 public:
  explicit DatabaseChanges(const Database& database);
  DatabaseChanges(DatabaseChanges&&) noexcept;
  ~DatabaseChanges();

  void Put(Family family, absl::string_view key, absl::string_view value);
  void Delete(Family family, absl::string_view key);
  // Rows from `begin` to before `end`. No key is empty.
  void DeleteRange(Family family, absl::string_view begin, absl::string_view end);

  // The same. A partition must outlive the changes.
  void Put(const Partition& partition, absl::string_view key, absl::string_view value);
  void Delete(const Partition& partition, absl::string_view key);
  void DeleteRange(const Partition& partition, absl::string_view begin, absl::string_view end);

  size_t bytes() const;

 private:
  friend class Database;

  rocksdb::ColumnFamilyHandle* Use(const Partition& partition);

  const Database& database_;
  std::unique_ptr<rocksdb::WriteBatch> batch_;
  std::vector<const Partition*> partitions_;  // Those that it changes, each once.
};

// The rows as they were when it was taken. Must not outlive the database.
class DatabaseSnapshot {
 public:
  virtual ~DatabaseSnapshot() = default;
};

// Steps through rows in key order. Not thread-safe. Must not outlive the database or its snapshot.
class RowCursor {
 public:
  virtual ~RowCursor() = default;

  // To the first row at or after `key`.
  virtual void Seek(absl::string_view key) = 0;
  virtual void Next() = 0;
  virtual bool Valid() const = 0;
  // Of the current row; valid until the cursor moves.
  virtual absl::string_view key() const = 0;
  virtual absl::string_view value() const = 0;
  // Why Valid is false: OK at the end, DATA_LOSS at damage, UNAVAILABLE when the disk refused.
  virtual absl::Status status() const = 0;
};

// When a write returns: once it would survive a power cut, or once a later synced write makes it.
enum class Durability { kSynced, kWithNextSync };

// Thread-safe.
class Database {
 public:
  // Opens or creates. Families that are neither ours nor partitions are reported and left as they
  // are. FAILED_PRECONDITION: another process has it open, or a newer program wrote it. DATA_LOSS:
  // RocksDB cannot serve what is there.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& directory,
                                                        const DatabaseFiles& files,
                                                        DamageReport report);
  ~Database();

  // Where its files are.
  const DatabaseFiles& files() const { return files_; }

  // RESOURCE_EXHAUSTED: the disk is full. UNAVAILABLE: it refused. The write after an error of the
  // disk first makes the database accept writes again. FAILED_PRECONDITION: one of the partitions
  // was dropped; nothing is written.
  absl::Status Write(DatabaseChanges changes, Durability durability) ABSL_LOCKS_EXCLUDED(mutex_);

  // OK while writes are accepted. After an error of the disk it tries to make the database accept
  // them again: as Write does, but without one. Else why they are refused, as Write would.
  absl::Status AcceptWrites() ABSL_LOCKS_EXCLUDED(resume_mutex_);

  // Absent when there is no such row.
  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const;
  absl::StatusOr<absl::optional<std::string>> Get(const Partition& partition,
                                                  absl::string_view key) const;

  // Rows of a family, of `snapshot` if given. Stands before the first row: Seek.
  std::unique_ptr<RowCursor> Rows(Family family, const DatabaseSnapshot* snapshot) const;
  std::unique_ptr<RowCursor> Rows(const Partition& partition,
                                  const DatabaseSnapshot* snapshot) const;
  std::unique_ptr<DatabaseSnapshot> Snapshot() const;

  // Makes the partition, durably; returns the one that is there if there is one. Takes some
  // milliseconds.
  absl::StatusOr<std::shared_ptr<const Partition>> CreatePartition(const PartitionId& id)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Those that are not dropped, sorted by resolution, rule and day.
  std::vector<std::shared_ptr<const Partition>> Partitions() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Drops it with all its rows, durably. Its files go when the last holder lets go of it. OK if it
  // is dropped already.
  absl::Status DropPartition(const std::shared_ptr<const Partition>& partition)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // About how much of the disk its rows take, those not yet written out included.
  uint64_t BytesOf(const Partition& partition) const;

  // Gives the space of deleted and replaced rows from `begin` to `end` back, at the price of
  // rewriting the others; empty is without a bound. Blocks; other calls go on meanwhile.
  absl::Status Compact(const Partition& partition, absl::string_view begin, absl::string_view end);

  // The same for a whole family.
  absl::Status Compact(Family family);

  // Writes out all that is in memory, so that the log's space is given back. Blocks.
  absl::Status Flush();

  // Makes a copy, as of one moment, that Open opens, in `directory`, which must not exist; shares
  // the files that do not change. Durable when it returns but for the entry of `directory` itself.
  absl::Status Checkpoint(const std::string& directory) ABSL_LOCKS_EXCLUDED(resume_mutex_);

 private:
  friend class DatabaseChanges;

  Database(DatabaseFiles files, std::unique_ptr<rocksdb::Env> env,
           std::unique_ptr<DatabaseOptions> options, std::shared_ptr<DiskErrors> errors,
           std::unique_ptr<rocksdb::DB> db, DamageReport report);

  // Takes the handles over, one a name.
  void Adopt(const std::vector<std::string>& names,
             const std::vector<rocksdb::ColumnFamilyHandle*>& handles) ABSL_LOCKS_EXCLUDED(mutex_);

  // FAILED_PRECONDITION: one of them is dropped.
  absl::Status CheckAreThere(const std::vector<const Partition*>& partitions) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  absl::Status WriteBatchOf(const DatabaseChanges& changes, Durability durability);
  // Resuming writes out what is in memory. When that fails while an earlier one is being given up,
  // RocksDB loses count of what it must write out, and the next resuming never ends: so the disk is
  // asked first, with a file of our own.
  absl::Status CheckReadyToResume() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(resume_mutex_);
  rocksdb::Status Resume() ABSL_EXCLUSIVE_LOCKS_REQUIRED(resume_mutex_);
  void StopDamagedCompactions();
  absl::Status MakeWaker();
  // RocksDB aborts the process when it is to append to a log that an append has failed on, unless
  // that was synced in a certain way before. Does that while the log is new.
  void TrustLog();
  // Keeps a row of RocksDB's own family in memory alone. While there is something to write out,
  // resuming begins a new log, as it must: one that an append has failed on takes no other.
  void PutSpareRow();

  rocksdb::ColumnFamilyHandle* HandleOf(Family family) const {
    return families_[static_cast<size_t>(family)];
  }
  absl::StatusOr<absl::optional<std::string>> Get(rocksdb::ColumnFamilyHandle* handle,
                                                  absl::string_view key) const;
  std::unique_ptr<RowCursor> Rows(rocksdb::ColumnFamilyHandle* handle,
                                  const DatabaseSnapshot* snapshot) const;

  const DatabaseFiles files_;
  const std::unique_ptr<rocksdb::Env> env_;
  const std::unique_ptr<DatabaseOptions> options_;
  const std::shared_ptr<DiskErrors> errors_;  // Shared with RocksDB.
  const std::unique_ptr<rocksdb::DB> db_;
  const DamageReport report_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families_{};  // These four: set by Open.
  rocksdb::ColumnFamilyHandle* default_family_ = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> strangers_;
  std::unique_ptr<FlushWaker> waker_;

  // Held while RocksDB is resumed, which writes out what is in memory, and while it is copied.
  absl::Mutex resume_mutex_;
  // Held while a partition is made or dropped, and shared while one is written to: RocksDB would
  // take a write to a dropped one for a fault of the disk.
  mutable absl::Mutex mutex_;
  absl::btree_map<PartitionId, std::shared_ptr<const Partition>> partitions_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
