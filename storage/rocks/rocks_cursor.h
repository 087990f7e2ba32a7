// RowCursor and DatabaseSnapshot over RocksDB's own.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <utility>

#include "storage/rocks/database.h"

namespace ora::storage {

class RocksSnapshot final : public DatabaseSnapshot {
 public:
  explicit RocksSnapshot(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}
  ~RocksSnapshot() override { db_.ReleaseSnapshot(snapshot_); }

  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* const snapshot_;
};

// The key of a row that no caller sees: see Database.
inline constexpr absl::string_view kAnchorKey = "";

class RocksCursor final : public RowCursor {
 public:
  explicit RocksCursor(std::unique_ptr<rocksdb::Iterator> iterator)
      : iterator_(std::move(iterator)) {}

  void Seek(absl::string_view key) override;
  void Next() override;
  bool Valid() const override;
  absl::string_view key() const override;
  absl::string_view value() const override;
  absl::Status status() const override;

 private:
  const std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace ora::storage
