// The seam to the program's own log.
#pragma once

#include "absl/strings/string_view.h"

namespace ora::storage {

enum class LogSeverity { kDebug, kInfo, kWarning, kError };

// Where a part says what a person should know. Thread-safe; never fails, never blocks for long.
class LogSink {
 public:
  virtual ~LogSink() = default;

  // One line, without its end: lower case, the object first, as in an error.
  virtual void Log(LogSeverity severity, absl::string_view message) = 0;

  void Info(absl::string_view message) { Log(LogSeverity::kInfo, message); }
  void Warning(absl::string_view message) { Log(LogSeverity::kWarning, message); }
  void Error(absl::string_view message) { Log(LogSeverity::kError, message); }
};

}  // namespace ora::storage
