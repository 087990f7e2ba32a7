// One log line to its level, error type and response time.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace ora::collector {

// The order is that of LogAccountState.lines_by_level: append only.
enum class Level : uint8_t { kUnknown, kDebug, kInfo, kWarning, kError, kCritical };
inline constexpr int kLevelCount = 6;

// "unknown", "debug", "info", "warning", "error", "critical".
absl::string_view LevelName(Level level);

struct LineClass {
  Level level = Level::kUnknown;
  // A line of a stack trace or an indented rest of the line before; its level is unknown.
  bool continuation = false;
  // An exception's class name (`ValueError`, `java.io.IOException`), also on continuation lines;
  // empty if the line names none. Points into the line.
  absl::string_view error_type;
  // What the line says something took.
  absl::optional<double> response_seconds;
};

// Knows Python logging, syslog (RFC 3164 and 5424), JSON lines, logfmt, Java (log4j, logback),
// glog, nginx and Apache (access and error), and bare level words. Stateless but for a memory of
// the log's format, so one object a log. Never fails: what is not understood is unknown.
class LineClassifier {
 public:
  // `line` without its end. Valid UTF-8 or not.
  LineClass Classify(absl::string_view line);

 private:
  uint8_t format_ = 0;  // The format of the last line that had one.
};

}  // namespace ora::collector
