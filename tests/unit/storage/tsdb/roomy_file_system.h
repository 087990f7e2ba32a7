// The host's files, but for the free space, which the test sets.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "storage/env/posix_file_system.h"

namespace ora::storage {

class RoomyFileSystem final : public FileSystem {
 public:
  std::atomic<uint64_t> free_bytes{uint64_t{1} << 40};

  absl::StatusOr<uint64_t> FreeBytes(const std::string& path) override {
    (void)path;
    return free_bytes.load();
  }

  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenForRead(const std::string& path) override {
    return files_.OpenForRead(path);
  }
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenForAppend(const std::string& path) override {
    return files_.OpenForAppend(path);
  }
  absl::StatusOr<std::string> ReadWhole(const std::string& path, size_t bytes_max) override {
    return files_.ReadWhole(path, bytes_max);
  }
  absl::Status ReplaceWhole(const std::string& path, absl::string_view bytes) override {
    return files_.ReplaceWhole(path, bytes);
  }
  absl::StatusOr<FileStatus> Stat(const std::string& path) override { return files_.Stat(path); }
  absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    return files_.List(directory);
  }
  absl::StatusOr<std::string> ReadLink(const std::string& path) override {
    return files_.ReadLink(path);
  }
  absl::Status CreateDirectories(const std::string& directory) override {
    return files_.CreateDirectories(directory);
  }
  absl::Status SyncDirectory(const std::string& directory) override {
    return files_.SyncDirectory(directory);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return files_.Rename(from, to);
  }
  absl::Status Delete(const std::string& path) override { return files_.Delete(path); }
  absl::Status Truncate(const std::string& path, uint64_t size_bytes) override {
    return files_.Truncate(path, size_bytes);
  }
  absl::StatusOr<FileSystemUsage> Usage(const std::string& path) override {
    return files_.Usage(path);
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    return files_.Lock(path);
  }

 private:
  PosixFileSystem files_;
};

}  // namespace ora::storage
