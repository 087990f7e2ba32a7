// One RocksDB, its column families and its errors: nothing outside this folder sees a RocksDB
// header.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class WriteBatch;
}  // namespace rocksdb

namespace ora::storage {

// The column families; what their keys and values are: ../FORMAT.md.
enum class Family : uint8_t { kMeta, kSeries, kBatches, kChunks, kMarks, kState };
inline constexpr size_t kFamilies = 6;

class Database;

// Changes that become durable together, or not at all. Must not outlive the database.
class DatabaseChanges {
 public:
  explicit DatabaseChanges(const Database& database);
  DatabaseChanges(DatabaseChanges&&) noexcept;
  ~DatabaseChanges();

  void Put(Family family, absl::string_view key, absl::string_view value);
  void Delete(Family family, absl::string_view key);
  // Rows from `begin` to before `end`.
  void DeleteRange(Family family, absl::string_view begin, absl::string_view end);

  size_t bytes() const;

 private:
  friend class Database;

  const Database& database_;
  std::unique_ptr<rocksdb::WriteBatch> batch_;
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
  // Opens or creates. FAILED_PRECONDITION: another process has it open, or a newer program wrote
  // it. DATA_LOSS: RocksDB cannot serve what is there.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& directory);
  ~Database();

  // RESOURCE_EXHAUSTED: the disk is full. UNAVAILABLE: it refused. The write after a refused one
  // first makes the database accept writes again.
  absl::Status Write(DatabaseChanges changes, Durability durability);

  // Absent when there is no such row.
  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const;

  // Rows of a family, of `snapshot` if given. Stands before the first row: Seek.
  std::unique_ptr<RowCursor> Rows(Family family, const DatabaseSnapshot* snapshot) const;
  std::unique_ptr<DatabaseSnapshot> Snapshot() const;

 private:
  friend class DatabaseChanges;

  Database(std::unique_ptr<rocksdb::DB> db,
           std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families);

  rocksdb::ColumnFamilyHandle* HandleOf(Family family) const {
    return families_[static_cast<size_t>(family)];
  }

  const std::unique_ptr<rocksdb::DB> db_;
  const std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families_;
  std::atomic<bool> refused_{false};  // The last write was.
};

}  // namespace ora::storage
