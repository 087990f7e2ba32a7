// The host's files.
#pragma once

#include "storage/env/file_system.h"

namespace ora::storage {

// FileSystem over POSIX calls; every descriptor is close-on-exec, every interrupted call is
// repeated.
class PosixFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenForRead(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenForAppend(const std::string& path) override;
  absl::StatusOr<std::string> ReadWhole(const std::string& path, size_t bytes_max) override;
  absl::Status ReplaceWhole(const std::string& path, absl::string_view bytes) override;
  absl::StatusOr<FileStatus> Stat(const std::string& path) override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& directory) override;
  absl::StatusOr<std::string> ReadLink(const std::string& path) override;
  absl::Status CreateDirectories(const std::string& directory) override;
  absl::Status SyncDirectory(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Delete(const std::string& path) override;
  absl::Status Truncate(const std::string& path, uint64_t size_bytes) override;
  absl::StatusOr<uint64_t> FreeBytes(const std::string& path) override;
  absl::StatusOr<FileSystemUsage> Usage(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
};

}  // namespace ora::storage
