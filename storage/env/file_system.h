// The seam to files: what Ora needs of POSIX, so that a test can put a memory, a fault or a full
// disk in its place. Paths are absolute or relative to the working directory, without a final
// slash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace ora::storage {

enum class FileType { kRegular, kDirectory, kSymlink, kFifo, kOther };

// What stat(2) tells. Two paths are the same file when device and inode are the same.
struct FileStatus {
  FileType type = FileType::kOther;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size_bytes = 0;
  uint64_t link_count = 0;
  absl::Time modify_time;
};

// What statvfs(3) tells of the file system that a path lies on.
struct FileSystemUsage {
  uint64_t size_bytes = 0;
  uint64_t free_bytes = 0;       // For root.
  uint64_t available_bytes = 0;  // For an ordinary user.
  uint64_t files = 0;            // Inodes; 0 where the file system does not count them.
  uint64_t files_free = 0;
  bool read_only = false;
};

struct DirectoryEntry {
  std::string name;  // Without the directory.
  FileType type = FileType::kOther;
};

// An open file. It stays readable after a rename or a deletion. Thread-safe.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;

  // Reads at most `into.size()` bytes at `offset`; returns how many. 0 is the end of the file.
  virtual absl::StatusOr<size_t> ReadAt(uint64_t offset, absl::Span<char> into) = 0;

  // What fstat(2) tells now.
  virtual absl::StatusOr<FileStatus> Status() = 0;
};

// A file that grows at its end. Not thread-safe. The destructor closes it, without a sync.
class WritableFile {
 public:
  virtual ~WritableFile() = default;

  // All of `bytes` or an error; after an error the file's end is undefined and it must be cut.
  // RESOURCE_EXHAUSTED: the disk or the quota is full.
  virtual absl::Status Append(absl::string_view bytes) = 0;

  // Returns when what was appended would survive a power cut (fdatasync).
  virtual absl::Status Sync() = 0;
};

// Held while one process owns a directory; the destructor lets go.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Errors name the path and the system's reason: NOT_FOUND (ENOENT), PERMISSION_DENIED (EACCES,
// EPERM), RESOURCE_EXHAUSTED (ENOSPC, EDQUOT, EMFILE), ALREADY_EXISTS, else UNAVAILABLE.
// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Never blocks on a fifo.
  virtual absl::StatusOr<std::unique_ptr<ReadableFile>> OpenForRead(const std::string& path) = 0;

  // At the end of an existing file, or a new one.
  virtual absl::StatusOr<std::unique_ptr<WritableFile>> OpenForAppend(const std::string& path) = 0;

  // The whole file, which may be one that tells no size (/proc). More than `bytes_max` is
  // RESOURCE_EXHAUSTED.
  virtual absl::StatusOr<std::string> ReadWhole(const std::string& path, size_t bytes_max) = 0;

  // Replaces the file at once (write beside it, sync, rename, sync the directory): after a crash it
  // is the old one or the new one.
  virtual absl::Status ReplaceWhole(const std::string& path, absl::string_view bytes) = 0;

  // Follows symlinks.
  virtual absl::StatusOr<FileStatus> Stat(const std::string& path) = 0;

  // Without "." and "..", in no order. Symlinks are told as such.
  virtual absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& directory) = 0;

  // The text of a symlink.
  virtual absl::StatusOr<std::string> ReadLink(const std::string& path) = 0;

  // With its parents. OK if it is there.
  virtual absl::Status CreateDirectories(const std::string& directory) = 0;

  // Makes renames, creations and deletions in it survive a power cut.
  virtual absl::Status SyncDirectory(const std::string& directory) = 0;

  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Delete(const std::string& path) = 0;
  virtual absl::Status Truncate(const std::string& path, uint64_t size_bytes) = 0;

  // Bytes that an ordinary user may still write where `path` lies.
  virtual absl::StatusOr<uint64_t> FreeBytes(const std::string& path) = 0;

  // May block where the file system is a network's.
  virtual absl::StatusOr<FileSystemUsage> Usage(const std::string& path) = 0;

  // FAILED_PRECONDITION: another process holds it.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

}  // namespace ora::storage
