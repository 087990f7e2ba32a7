// Patterns of paths: `*`, `?` and `[...]` within a name, `**` for any number of directories.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/env/file_system.h"

namespace ora::collector {

// True if `name`, which has no slash, is one of `pattern`'s. A set that is not closed matches
// nothing.
bool MatchesName(absl::string_view pattern, absl::string_view name);

// An absolute path pattern.
class Glob {
 public:
  // INVALID_ARGUMENT: it is not absolute, has an empty name, a set that is not closed, or `**`
  // beside other characters.
  static absl::StatusOr<Glob> Parse(absl::string_view pattern);

  bool Matches(absl::string_view path) const;

  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;  // Between the slashes.
};

// The directories that one look for files lists, each once.
class DirectoryListings {
 public:
  explicit DirectoryListings(storage::FileSystem& files) : files_(files) {}

  // Empty if it cannot be listed. The reference is valid as long as this object.
  const std::vector<storage::DirectoryEntry>& List(const std::string& directory);

 private:
  storage::FileSystem& files_;
  // In their own allocations, so that they stay where they are.
  absl::flat_hash_map<std::string, std::unique_ptr<std::vector<storage::DirectoryEntry>>> listed_;
};

struct GlobLimits {
  int depth_max = 32;
  size_t paths_max = 20'000;
};

// A path that a glob has found.
struct FoundFile {
  std::string path;
  storage::FileType type = storage::FileType::kRegular;  // kOther: the listing does not tell.
};

// The paths of files (regular ones and symlinks) that match. `**` does not go through symlinks.
// At most `limits.paths_max` paths.
std::vector<FoundFile> Walk(const Glob& glob, const GlobLimits& limits, DirectoryListings& listings,
                            storage::FileSystem& files);

}  // namespace ora::collector
