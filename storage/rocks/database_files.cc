#include "storage/rocks/database_files.h"

#include <rocksdb/file_system.h>

#include "absl/strings/str_cat.h"
#include "storage/rocks/rocks_status.h"

namespace ora::storage {

DatabaseFiles DatabaseFiles::Host() { return DatabaseFiles(rocksdb::FileSystem::Default()); }

bool DatabaseFiles::Exists(const std::string& path) const {
  return system_->FileExists(path, {}, nullptr).ok();
}

absl::Status DatabaseFiles::CreateDirectory(const std::string& path) const {
  return StatusOf(system_->CreateDirIfMissing(path, {}, nullptr),
                  absl::StrCat("create directory ", path));
}

std::vector<std::string> DatabaseFiles::List(const std::string& directory) const {
  std::vector<std::string> children;
  if (!system_->GetChildren(directory, {}, &children, nullptr).ok()) return {};
  std::vector<std::string> names;
  for (std::string& child : children) {
    if (child != "." && child != "..") names.push_back(std::move(child));
  }
  return names;
}

absl::Status DatabaseFiles::Rename(const std::string& from, const std::string& to) const {
  return StatusOf(system_->RenameFile(from, to, {}, nullptr),
                  absl::StrCat("rename ", from, " to ", to));
}

absl::Status DatabaseFiles::SyncDirectory(const std::string& directory) const {
  std::unique_ptr<rocksdb::FSDirectory> opened;
  rocksdb::IOStatus synced = system_->NewDirectory(directory, {}, &opened, nullptr);
  if (synced.ok()) synced = opened->Fsync({}, nullptr);
  return StatusOf(synced, absl::StrCat("sync directory ", directory));
}

absl::Status DatabaseFiles::RemoveTree(const std::string& path) const {
  if (!Exists(path)) return absl::OkStatus();
  bool is_directory = false;
  const rocksdb::IOStatus told = system_->IsDirectory(path, {}, &is_directory, nullptr);
  if (!told.ok()) return StatusOf(told, absl::StrCat("look at ", path));
  if (!is_directory) {
    return StatusOf(system_->DeleteFile(path, {}, nullptr), absl::StrCat("delete ", path));
  }
  for (const std::string& name : List(path)) {
    if (absl::Status removed = RemoveTree(absl::StrCat(path, "/", name)); !removed.ok()) {
      return removed;
    }
  }
  return StatusOf(system_->DeleteDir(path, {}, nullptr), absl::StrCat("delete ", path));
}

uint64_t DatabaseFiles::BytesIn(const std::string& directory) const {
  uint64_t sum = 0;
  for (const std::string& name : List(directory)) {
    uint64_t bytes = 0;
    const std::string path = absl::StrCat(directory, "/", name);
    if (system_->GetFileSize(path, {}, &bytes, nullptr).ok()) sum += bytes;
  }
  return sum;
}

}  // namespace ora::storage
