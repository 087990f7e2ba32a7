// Where the follower hands what it reads.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace ora::collector {

// A log: a file and its rotated backups, taken as one.
struct LogDescription {
  std::string path;  // Absolute, without a backup's suffix.
  std::string component;
  std::string category;  // "application", "system" or "process".
};

// What the files of a log take up.
struct LogFiles {
  uint64_t size_bytes = 0;     // Of the file that is written to.
  uint64_t storage_bytes = 0;  // Of all its files.
  uint32_t files = 0;
};

// How a log came to be followed.
enum class LogOrigin {
  kKnown,      // The state of the last run knows it.
  kFirstScan,  // It was there before the collector's first start: its content is the baseline.
  kAppeared,   // It came into being while the collector watched (or while it was down): all is new.
};

// The handle of a log for the life of the follower, from 1.
using LogId = uint32_t;

// All calls come from the follower's thread, within LogFollower::Poll.
class LineSink {
 public:
  virtual ~LineSink() = default;

  // Before any other call for `log`.
  virtual void OnLog(LogId log, const LogDescription& description, LogOrigin origin) = 0;

  // `lines` are whole lines, each with its end, in UTF-8 where the file is UTF-16, else as they
  // are. The last may lack its end: it is longer than the limit, its writer has paused, or its file
  // has ended; what comes of it after that comes by OnRest. Valid during the call. Each byte of a
  // log comes once, in order; but a renamed file's last line without an end may come after lines of
  // newer files.
  virtual void OnLines(LogId log, absl::string_view lines) = 0;

  // More of the last line, which OnLines handed on without its end; with its end, or more is to
  // come.
  virtual void OnRest(LogId log, absl::string_view rest) = 0;

  // At each discovery, and when it changes.
  virtual void OnFiles(LogId log, const LogFiles& files) = 0;

  // Bytes that were gone before they could be read; `reason` is "truncated" (cut in place),
  // "deleted", or "held_too_long" (deleted, and its handle let go before it was read).
  virtual void OnLost(LogId log, uint64_t bytes, absl::string_view reason) = 0;

  // All files of the log are gone; no call for it comes after this one, unless OnLog does again.
  virtual void OnGone(LogId log) = 0;
};

}  // namespace ora::collector
