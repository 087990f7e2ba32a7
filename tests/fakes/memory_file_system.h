// Files in memory that fail when the test says so, and that a crash can hit.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "storage/env/file_system.h"

namespace ora::fakes {

// Thread-safe. There are no symlinks. Times of files stand still.
class MemoryFileSystem final : public storage::FileSystem {
 public:
  enum class Operation { kOpen, kRead, kAppend, kSync, kSyncDirectory, kTruncate, kDelete, kList };
  enum class LastWrite { kLost, kTorn };

  // The power fails: bytes that were not synced and names in directories that were not synced are
  // as before; with kTorn half of a file's unsynced bytes stay. Files that are open are dead, locks
  // are free.
  void Crash(LastWrite last_write) ABSL_LOCKS_EXCLUDED(mutex_);

  // The next `count` calls of `operation` return `status`. A failed append puts half of its bytes.
  void Fail(Operation operation, int count, absl::Status status) ABSL_LOCKS_EXCLUDED(mutex_);

  // Appends past so many more bytes put what fits and return RESOURCE_EXHAUSTED; none: no limit.
  void SetFreeBytes(absl::optional<uint64_t> bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  // Turns the byte at `offset` over.
  void Damage(const std::string& path, uint64_t offset) ABSL_LOCKS_EXCLUDED(mutex_);

  absl::StatusOr<std::unique_ptr<storage::ReadableFile>> OpenForRead(
      const std::string& path) override;
  absl::StatusOr<std::unique_ptr<storage::WritableFile>> OpenForAppend(
      const std::string& path) override;
  absl::StatusOr<std::string> ReadWhole(const std::string& path, size_t bytes_max) override;
  absl::Status ReplaceWhole(const std::string& path, absl::string_view bytes) override;
  absl::StatusOr<storage::FileStatus> Stat(const std::string& path) override;
  absl::StatusOr<std::vector<storage::DirectoryEntry>> List(const std::string& directory) override;
  absl::StatusOr<std::string> ReadLink(const std::string& path) override;
  absl::Status CreateDirectories(const std::string& directory) override;
  absl::Status SyncDirectory(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Delete(const std::string& path) override;
  absl::Status Truncate(const std::string& path, uint64_t size_bytes) override;
  absl::StatusOr<uint64_t> FreeBytes(const std::string& path) override;
  absl::StatusOr<storage::FileSystemUsage> Usage(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<storage::FileLock>> Lock(const std::string& path) override;

 private:
  class OpenReadable;
  class OpenWritable;
  class HeldLock;
  struct Node {
    uint64_t inode = 0;
    std::string bytes;
    uint64_t synced_bytes = 0;
  };
  struct Fault {
    int count = 0;
    absl::Status status;
  };
  // Shared: an open file outlives its name.
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  absl::Status TakeFault(Operation operation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::shared_ptr<Node>> Find(const std::string& path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::shared_ptr<Node>> FindOrCreate(const std::string& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status AppendTo(Node& node, absl::string_view bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static storage::FileStatus StatusOf(const Node& node);

  absl::Mutex mutex_;
  Names names_ ABSL_GUARDED_BY(mutex_);
  Names synced_names_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> directories_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> locks_ ABSL_GUARDED_BY(mutex_);
  std::map<Operation, Fault> faults_ ABSL_GUARDED_BY(mutex_);
  absl::optional<uint64_t> free_bytes_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_inode_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t crashes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ora::fakes
