#include "collector/tail/log_sources.h"

#include <re2/re2.h>

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/tail/backup_name.h"
#include "proto/status/annotate.h"

namespace ora::collector {
namespace {

constexpr int kGroupsMax = 10;  // $0, which is not used, to $9.

absl::string_view NameOf(absl::string_view path) { return path.substr(path.rfind('/') + 1); }

absl::string_view CategoryName(config::v1::LogCategory category, absl::string_view path) {
  switch (category) {
    case config::v1::LOG_CATEGORY_APPLICATION:
      return "application";
    case config::v1::LOG_CATEGORY_SYSTEM:
      return "system";
    case config::v1::LOG_CATEGORY_PROCESS:
      return "process";
    default:
      break;
  }
  if (IsProcessOutput(NameOf(path))) return "process";
  return absl::StartsWith(path, "/var/log/") ? "system" : "application";
}

}  // namespace

struct LogSources::Source {
  config::v1::LogSource config;
  std::vector<Glob> include;
  std::vector<Glob> exclude;
  std::unique_ptr<re2::RE2> component_regex;
};

LogSources::LogSources() = default;
LogSources::LogSources(LogSources&&) noexcept = default;
LogSources& LogSources::operator=(LogSources&&) noexcept = default;
LogSources::~LogSources() = default;

absl::StatusOr<LogSources> LogSources::Compile(const std::vector<config::v1::LogSource>& sources) {
  LogSources compiled;
  for (size_t i = 0; i < sources.size(); ++i) {
    auto source = std::make_unique<Source>();
    source->config = sources[i];
    const auto place = [i](absl::string_view field, int index) {
      return absl::StrCat("logs[", i, "].", field, "[", index, "]");
    };
    for (int j = 0; j < sources[i].include_size(); ++j) {
      absl::StatusOr<Glob> glob = Glob::Parse(sources[i].include(j));
      if (!glob.ok()) return Annotate(glob.status(), place("include", j));
      source->include.push_back(*std::move(glob));
    }
    for (int j = 0; j < sources[i].exclude_size(); ++j) {
      absl::StatusOr<Glob> glob = Glob::Parse(sources[i].exclude(j));
      if (!glob.ok()) return Annotate(glob.status(), place("exclude", j));
      source->exclude.push_back(*std::move(glob));
    }
    if (const std::string& regex = sources[i].component_regex(); !regex.empty()) {
      re2::RE2::Options options;
      options.set_log_errors(false);
      source->component_regex = std::make_unique<re2::RE2>(regex, options);
      if (!source->component_regex->ok()) {
        return absl::InvalidArgumentError(absl::StrCat("logs[", i, "].component_regex `", regex,
                                                       "`: ", source->component_regex->error()));
      }
    }
    compiled.sources_.push_back(std::move(source));
  }
  return compiled;
}

absl::optional<size_t> LogSources::SourceOf(absl::string_view path) const {
  for (size_t i = 0; i < sources_.size(); ++i) {
    for (const Glob& glob : sources_[i]->include) {
      if (glob.Matches(path) && !Excludes(i, path)) return i;
    }
  }
  return absl::nullopt;
}

bool LogSources::Excludes(size_t source, absl::string_view path) const {
  for (const Glob& glob : sources_[source]->exclude) {
    if (glob.Matches(path)) return true;
  }
  return false;
}

LogDescription LogSources::Describe(size_t source, const std::string& path) const {
  const Source& rules = *sources_[source];
  LogDescription description{.path = path,
                             .component = std::string(ComponentOfName(NameOf(path))),
                             .category = std::string(CategoryName(rules.config.category(), path))};
  const std::string& component = rules.config.component();
  if (component.empty()) return description;
  if (rules.component_regex == nullptr) {
    description.component = component;
    return description;
  }
  re2::StringPiece groups[kGroupsMax];
  const int count = 1 + rules.component_regex->NumberOfCapturingGroups();
  if (!rules.component_regex->Match(path, 0, path.size(), re2::RE2::UNANCHORED, groups,
                                    std::min(count, kGroupsMax))) {
    return description;
  }
  description.component.clear();
  for (size_t i = 0; i < component.size(); ++i) {
    const bool group = component[i] == '$' && i + 1 < component.size() && component[i + 1] >= '1' &&
                       component[i + 1] <= '9';
    if (group) {
      const re2::StringPiece& text = groups[component[++i] - '0'];
      description.component.append(text.data(), text.size());
    } else {
      description.component += component[i];
    }
  }
  return description;
}

bool LogSources::StartsAtEnd(size_t source) const {
  return sources_[source]->config.start() == config::v1::START_POSITION_END;
}

std::vector<FoundFile> LogSources::Find(const GlobLimits& limits, DirectoryListings& listings,
                                        storage::FileSystem& files) const {
  std::vector<FoundFile> found;
  absl::flat_hash_set<std::string> seen;
  for (const std::unique_ptr<Source>& source : sources_) {
    for (const Glob& glob : source->include) {
      for (FoundFile& file : Walk(glob, limits, listings, files)) {
        if (found.size() >= limits.paths_max) return found;
        if (seen.insert(file.path).second) found.push_back(std::move(file));
      }
    }
  }
  return found;
}

}  // namespace ora::collector
