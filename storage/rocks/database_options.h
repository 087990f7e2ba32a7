// How RocksDB is set up: its limits of memory, files and threads.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <memory>
#include <string>

#include "storage/rocks/database.h"

namespace ora::storage {

// Blocks, indexes and memtables together, but for what one write adds: the cache is charged for the
// memtables too.
inline constexpr size_t kMemoryBytesMax = size_t{96} << 20;
// Of those, memtables: at this many the oldest are written out.
inline constexpr size_t kMemtableBytesMax = size_t{56} << 20;

// What the families of one database share.
class DatabaseOptions {
 public:
  // For the database in `directory`, where RocksDB's warnings are logged from now on. `env` must
  // outlive the options and the database.
  DatabaseOptions(const std::string& directory, rocksdb::Env* env,
                  std::shared_ptr<rocksdb::EventListener> listener);

  const rocksdb::DBOptions& db() const { return db_; }
  rocksdb::ColumnFamilyOptions Of(Family family) const;
  rocksdb::ColumnFamilyOptions Of(Resolution resolution) const;
  // A family that is none of ours.
  rocksdb::ColumnFamilyOptions OfStranger() const { return Base(); }

 private:
  rocksdb::ColumnFamilyOptions Base() const;

  // Shared, since that is how RocksDB holds them.
  const std::shared_ptr<rocksdb::Cache> cache_;
  rocksdb::DBOptions db_;
};

}  // namespace ora::storage
