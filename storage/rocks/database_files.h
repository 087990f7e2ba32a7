// Where a database keeps its files: the seam for a test's faults, and for files that are not on
// this machine.
#pragma once

#include <memory>
#include <utility>

namespace rocksdb {
class FileSystem;
}  // namespace rocksdb

namespace ora::storage {

// Cheap to copy. Thread-safe, as the file system behind it is.
class DatabaseFiles {
 public:
  // Those of the machine.
  static DatabaseFiles Host();

  explicit DatabaseFiles(std::shared_ptr<rocksdb::FileSystem> system)
      : system_(std::move(system)) {}

  const std::shared_ptr<rocksdb::FileSystem>& system() const { return system_; }

 private:
  std::shared_ptr<rocksdb::FileSystem> system_;  // Shared, since that is how RocksDB holds it.
};

}  // namespace ora::storage
