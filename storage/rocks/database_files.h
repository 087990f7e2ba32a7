// Where a database keeps its files: the seam for a test's faults, and for files that are not on
// this machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rocksdb {
class FileSystem;
}  // namespace rocksdb

namespace ora::storage {

// Cheap to copy. Thread-safe, as the file system behind it is. Errors: RESOURCE_EXHAUSTED, no
// space; UNAVAILABLE, anything else that the disk said.
class DatabaseFiles {
 public:
  // Those of the machine.
  static DatabaseFiles Host();

  explicit DatabaseFiles(std::shared_ptr<rocksdb::FileSystem> system)
      : system_(std::move(system)) {}

  const std::shared_ptr<rocksdb::FileSystem>& system() const { return system_; }

  bool Exists(const std::string& path) const;
  // OK if it is there.
  absl::Status CreateDirectory(const std::string& path) const;
  // Without "." and "..", in no order; none if there is no such directory.
  std::vector<std::string> List(const std::string& directory) const;
  absl::Status Rename(const std::string& from, const std::string& to) const;
  // Makes renames, creations and deletions in it survive a power cut.
  absl::Status SyncDirectory(const std::string& directory) const;
  // A file, or a directory with all that is in it. OK if there is none.
  absl::Status RemoveTree(const std::string& path) const;
  uint64_t BytesIn(const std::string& directory) const;

 private:
  std::shared_ptr<rocksdb::FileSystem> system_;  // Shared, since that is how RocksDB holds it.
};

}  // namespace ora::storage
