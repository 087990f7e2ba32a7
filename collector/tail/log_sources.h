// Which files the configuration names, and what it says about each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "collector/tail/glob.h"
#include "collector/tail/line_sink.h"
#include "ora/config/v1/collector_config.pb.h"

namespace re2 {
class RE2;
}

namespace ora::collector {

// The sources of a configuration, their patterns compiled. Never changes.
class LogSources {
 public:
  // INVALID_ARGUMENT: a glob or a regular expression that is none, with its place.
  static absl::StatusOr<LogSources> Compile(const std::vector<config::v1::LogSource>& sources);

  LogSources(LogSources&&) noexcept;
  LogSources& operator=(LogSources&&) noexcept;
  ~LogSources();

  // The source that `path` belongs to: the first that includes it and does not exclude it.
  absl::optional<size_t> SourceOf(absl::string_view path) const;

  bool Excludes(size_t source, absl::string_view path) const;

  // What a log at `path` of that source is.
  LogDescription Describe(size_t source, const std::string& path) const;

  bool StartsAtEnd(size_t source) const;

  // Every path that some source names now, each once; not more than `limits` allow in all.
  std::vector<FoundFile> Find(const GlobLimits& limits, DirectoryListings& listings,
                              storage::FileSystem& files) const;

 private:
  struct Source;
  LogSources();
  std::vector<std::unique_ptr<Source>> sources_;
};

}  // namespace ora::collector
