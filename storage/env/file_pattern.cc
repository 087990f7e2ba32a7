#include "storage/env/file_pattern.h"

#include <fnmatch.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ora::storage {

absl::StatusOr<std::vector<std::string>> FilesOf(const std::string& pattern,
                                                 FileSystem& file_system) {
  const size_t slash = pattern.rfind('/');
  const std::string name = pattern.substr(slash == std::string::npos ? 0 : slash + 1);
  if (name.find_first_of("*?[") == std::string::npos) return std::vector<std::string>{pattern};
  const std::string directory = slash == std::string::npos ? "." : pattern.substr(0, slash);
  absl::StatusOr<std::vector<DirectoryEntry>> entries = file_system.List(directory);
  if (!entries.ok()) return std::move(entries).status();
  std::vector<std::string> files;
  for (const DirectoryEntry& entry : *entries) {
    if (fnmatch(name.c_str(), entry.name.c_str(), FNM_PERIOD) != 0) continue;
    files.push_back(slash == std::string::npos ? entry.name
                                               : absl::StrCat(directory, "/", entry.name));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace ora::storage
