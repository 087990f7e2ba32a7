// Follows the log files that the configuration names, through every rotation, each byte once.
//
// README.md says how files are told apart and what a rotation of each kind does. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/tail/hints/change_hints.h"
#include "collector/tail/line_sink.h"
#include "ora/config/v1/collector_config.pb.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/file_system.h"
#include "storage/env/log_sink.h"

namespace ora::collector {

struct LogFollowerOptions {
  std::vector<config::v1::LogSource> sources;  // Validated.
  absl::Duration discovery_interval = absl::Seconds(5);
  // How long the handle of a file that was renamed or deleted is kept after its last byte was read.
  absl::Duration linger = absl::Seconds(60);
  // A line without an end is handed on when nothing was appended to it for so long.
  absl::Duration unfinished_line_timeout = absl::Seconds(5);
  // A deleted file whose rest could not be read for so long since it last grew is let go and lost.
  absl::Duration held_deleted_max = absl::Minutes(10);
  size_t files_max = 20'000;
  // Handles that are kept open, but those of files that are deleted, moved or being read now.
  size_t handles_max = 512;
  // Null: files are polled alone. Must outlive the follower.
  ChangeHints* hints = nullptr;
  size_t line_bytes_max = size_t{1} << 20;  // A longer line is cut, the rest comes by OnRest.
};

// A record of the follower's state: the key is the log's path with a prefix, the value an
// ora.state.v1.FollowedLogState; absent when the log is forgotten.
struct FollowerStateChange {
  std::string key;
  bool deleted = false;
  std::string value;
};

class LogFollower {
 public:
  virtual ~LogFollower() = default;

  // `state` is what State records were last made durable, by key; empty at a first start, and
  // `first_start` says so. References must outlive the follower. INVALID_ARGUMENT: a glob or a
  // regular expression that is none, with its place in the configuration.
  static absl::StatusOr<std::unique_ptr<LogFollower>> Make(
      const LogFollowerOptions& options, const std::map<std::string, std::string>& state,
      bool first_start, LineSink& sink, storage::FileSystem& files, storage::Clock& clock,
      storage::LogSink& log, storage::Counters& counters);

  // Looks for new files when it is time, and reads at most `bytes_max` of what is new; with 0 it
  // only looks at what became of the files, so that none is missed. Returns true if there is more
  // to read. Unreadable files are counted and tried again, never fatal.
  virtual bool Poll(size_t bytes_max) = 0;

  // The records that changed since the last call that was followed by Commit. They match exactly
  // what the sink has been given: make them durable together with its counts.
  virtual std::vector<FollowerStateChange> Changes() = 0;

  // The records of the last Changes are durable.
  virtual void Commit() = 0;

  // Files that are followed, handles that are open, and the bytes known to be unread.
  virtual size_t files_followed() const = 0;
  virtual size_t files_open() const = 0;
  virtual size_t files_hinted() const = 0;  // That are polled at each discovery alone.
  virtual uint64_t bytes_behind() const = 0;
};

}  // namespace ora::collector
