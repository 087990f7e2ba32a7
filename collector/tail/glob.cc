#include "collector/tail/glob.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ora::collector {
namespace {

using storage::DirectoryEntry;
using storage::FileType;

constexpr absl::string_view kAnyDirectories = "**";

// The index after the set that begins at `pattern[0]` = '['; 0 if it is not closed.
size_t SetEnd(absl::string_view pattern) {
  size_t at = 1;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;  // The first one is a member.
  while (at < pattern.size() && pattern[at] != ']') ++at;
  return at < pattern.size() ? at + 1 : 0;
}

bool SetHas(absl::string_view set, char wanted) {
  set = set.substr(1, set.size() - 2);
  const bool negated = !set.empty() && (set[0] == '!' || set[0] == '^');
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      found = found || (set[i] <= wanted && wanted <= set[i + 2]);
      i += 2;
    } else {
      found = found || set[i] == wanted;
    }
  }
  return found != negated;
}

bool IsLiteral(absl::string_view name) {
  return name.find_first_of("*?[") == absl::string_view::npos;
}

using Names = std::vector<std::string>;

bool MatchesNames(const std::string* pattern, const std::string* pattern_end,
                  absl::Span<const absl::string_view> names) {
  for (; pattern != pattern_end; ++pattern) {
    if (*pattern == kAnyDirectories) {
      if (pattern + 1 == pattern_end) return !names.empty();
      for (size_t skip = 0; skip <= names.size(); ++skip) {
        if (MatchesNames(pattern + 1, pattern_end, names.subspan(skip))) return true;
      }
      return false;
    }
    if (names.empty() || !MatchesName(*pattern, names.front())) return false;
    names.remove_prefix(1);
  }
  return names.empty();
}

class Walker {
 public:
  Walker(const Glob& glob, const GlobLimits& limits, DirectoryListings& listings,
         storage::FileSystem& files)
      : names_(glob.names()), limits_(limits), listings_(listings), files_(files) {}

  // Finds what names_[at...] matches below `directory` (empty: the root).
  void Descend(const std::string& directory, size_t at, int depth) {
    if (depth > limits_.depth_max || found_.size() >= limits_.paths_max) return;
    const std::string& name = names_[at];
    const bool last = at + 1 == names_.size();
    if (name == kAnyDirectories) {
      if (!last) Descend(directory, at + 1, depth);
      for (const DirectoryEntry& entry : listings_.List(directory)) {
        const std::string path = absl::StrCat(directory, "/", entry.name);
        if (entry.type == FileType::kDirectory) {
          Descend(path, at, depth + 1);
        } else if (last) {
          Take(path, entry.type);
        }
      }
      return;
    }
    if (!last && IsLiteral(name)) {
      Descend(absl::StrCat(directory, "/", name), at + 1, depth + 1);
      return;
    }
    for (const DirectoryEntry& entry : listings_.List(directory)) {
      if (!MatchesName(name, entry.name)) continue;
      const std::string path = absl::StrCat(directory, "/", entry.name);
      if (last) {
        Take(path, entry.type);
      } else if (IsDirectory(path, entry.type)) {
        Descend(path, at + 1, depth + 1);
      }
    }
  }

  std::vector<FoundFile> found() && { return std::move(found_); }

 private:
  void Take(const std::string& path, FileType type) {
    if (type == FileType::kDirectory || type == FileType::kFifo) return;
    if (found_.size() < limits_.paths_max) found_.push_back({path, type});
  }

  bool IsDirectory(const std::string& path, FileType type) {
    if (type != FileType::kSymlink && type != FileType::kOther) return type == FileType::kDirectory;
    const absl::StatusOr<storage::FileStatus> status = files_.Stat(path);
    return status.ok() && status->type == FileType::kDirectory;
  }

  const Names& names_;
  const GlobLimits limits_;
  DirectoryListings& listings_;
  storage::FileSystem& files_;
  std::vector<FoundFile> found_;
};

}  // namespace

bool MatchesName(absl::string_view pattern, absl::string_view name) {
  // On a mismatch the last `*` takes one more character; earlier ones need not be tried again.
  absl::string_view retry_pattern;
  absl::string_view retry_name;
  bool starred = false;
  while (true) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      retry_pattern = pattern;
      retry_name = name;
      starred = true;
      continue;
    }
    if (name.empty() && pattern.empty()) return true;
    size_t taken = 0;
    if (!name.empty() && !pattern.empty()) {
      if (pattern[0] == '[') {
        const size_t end = SetEnd(pattern);
        if (end == 0) return false;
        if (SetHas(pattern.substr(0, end), name[0])) taken = end;
      } else if (pattern[0] == '?' || pattern[0] == name[0]) {
        taken = 1;
      }
    }
    if (taken > 0) {
      pattern.remove_prefix(taken);
      name.remove_prefix(1);
      continue;
    }
    if (!starred || retry_name.empty()) return false;
    retry_name.remove_prefix(1);
    name = retry_name;
    pattern = retry_pattern;
  }
}

absl::StatusOr<Glob> Glob::Parse(absl::string_view pattern) {
  const auto refuse = [&](absl::string_view reason) {
    return absl::InvalidArgumentError(absl::StrCat("glob `", pattern, "` ", reason));
  };
  if (!absl::StartsWith(pattern, "/")) return refuse("is not absolute; begin it with `/`");
  Glob glob;
  for (const absl::string_view name : absl::StrSplit(pattern.substr(1), '/')) {
    if (name.empty()) return refuse("has an empty name between two slashes or at its end");
    if (absl::StrContains(name, kAnyDirectories) && name != kAnyDirectories) {
      return refuse("has `**` beside other characters; it stands for whole directories");
    }
    for (size_t at = name.find('['); at != absl::string_view::npos; at = name.find('[', at)) {
      const size_t end = SetEnd(name.substr(at));
      if (end == 0) return refuse("has a `[` that is not closed by `]`");
      at += end;
    }
    glob.names_.emplace_back(name);
  }
  return glob;
}

bool Glob::Matches(absl::string_view path) const {
  if (!absl::StartsWith(path, "/")) return false;
  const std::vector<absl::string_view> names = absl::StrSplit(path.substr(1), '/');
  return MatchesNames(names_.data(), names_.data() + names_.size(), names);
}

const std::vector<DirectoryEntry>& DirectoryListings::List(const std::string& directory) {
  std::unique_ptr<std::vector<DirectoryEntry>>& listed = listed_[directory];
  if (listed == nullptr) {
    listed = std::make_unique<std::vector<DirectoryEntry>>();
    absl::StatusOr<std::vector<DirectoryEntry>> entries =
        files_.List(directory.empty() ? "/" : directory);
    if (entries.ok()) *listed = *std::move(entries);
  }
  return *listed;
}

std::vector<FoundFile> Walk(const Glob& glob, const GlobLimits& limits, DirectoryListings& listings,
                            storage::FileSystem& files) {
  Walker walker(glob, limits, listings, files);
  walker.Descend("", 0, 0);
  return std::move(walker).found();
}

}  // namespace ora::collector
