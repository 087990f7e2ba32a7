#include "tests/fakes/rocks/unsynced_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::fakes {
namespace {

std::string DirectoryOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

}  // namespace

void UnsyncedFiles::Opened(const std::string& path) {
  if (files_.contains(path)) return;
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (!error) files_[path] = {bytes, bytes};
}

void UnsyncedFiles::Created(const std::string& path) {
  files_[path] = {};
  entries_[DirectoryOf(path)].push_back({EntryKind::kCreated, path, "", ""});
}

void UnsyncedFiles::Appended(const std::string& path, uint64_t bytes) {
  files_[path].bytes += bytes;
}

void UnsyncedFiles::Truncated(const std::string& path, uint64_t bytes) {
  File& file = files_[path];
  file.bytes = bytes;
  file.synced = std::min(file.synced, bytes);
}

void UnsyncedFiles::Synced(const std::string& path) {
  File& file = files_[path];
  file.synced = file.bytes;
}

void UnsyncedFiles::DirectorySynced(const std::string& directory) {
  std::string path = directory;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const auto at = entries_.find(path);
  if (at == entries_.end()) return;
  for (const Entry& entry : at->second) Forget(entry);
  entries_.erase(at);
}

std::string UnsyncedFiles::Bury(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return "";
  // Beside the directory, so that the database does not see it.
  const std::string grave = absl::StrCat(DirectoryOf(path), ".deleted.", ++graves_);
  std::filesystem::rename(path, grave, error);
  return error ? "" : grave;
}

bool UnsyncedFiles::Rename(const std::string& from, const std::string& to) {
  Opened(from);
  Entry entry{EntryKind::kRenamed, to, from, Bury(to)};
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error) {
    std::error_code ignored;
    if (!entry.grave.empty()) std::filesystem::rename(entry.grave, to, ignored);
    return false;
  }
  const File moved = files_[from];  // A copy: making the new entry may move the old one.
  files_.erase(from);
  files_[to] = moved;
  entries_[DirectoryOf(to)].push_back(std::move(entry));
  return true;
}

bool UnsyncedFiles::Delete(const std::string& path) {
  Entry entry{EntryKind::kDeleted, path, "", Bury(path)};
  if (entry.grave.empty()) return false;
  if (const auto at = files_.find(path); at != files_.end()) {
    const File buried = at->second;  // As above.
    files_.erase(at);
    files_[entry.grave] = buried;
  }
  entries_[DirectoryOf(path)].push_back(std::move(entry));
  return true;
}

void UnsyncedFiles::Forget(const Entry& entry) {
  if (entry.grave.empty()) return;
  std::error_code ignored;
  std::filesystem::remove(entry.grave, ignored);
  files_.erase(entry.grave);
}

void UnsyncedFiles::TakeBack(const Entry& entry) {
  std::error_code ignored;
  switch (entry.kind) {
    case EntryKind::kCreated:
      std::filesystem::remove(entry.path, ignored);
      break;
    case EntryKind::kRenamed:
      std::filesystem::rename(entry.path, entry.from, ignored);
      break;
    case EntryKind::kDeleted:
      break;
  }
  if (!entry.grave.empty()) std::filesystem::rename(entry.grave, entry.path, ignored);
}

void UnsyncedFiles::Crash(std::mt19937_64& random) {
  for (const auto& [path, file] : files_) {
    if (file.bytes <= file.synced) continue;
    std::error_code ignored;
    const uint64_t kept = file.synced + random() % (file.bytes - file.synced + 1);
    // Space set aside behind the end goes too.
    std::filesystem::resize_file(path, kept, ignored);
  }
  for (auto& [directory, entries] : entries_) {
    const size_t kept = random() % (entries.size() + 1);
    for (size_t i = entries.size(); i > kept; --i) TakeBack(entries[i - 1]);
    for (size_t i = 0; i < kept; ++i) Forget(entries[i]);
  }
  files_.clear();
  entries_.clear();
}

}  // namespace ora::fakes
