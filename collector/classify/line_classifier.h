// One log line to its level, error type and response time.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "collector/classify/text_index.h"

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
  // The first line of a stack trace (`Traceback (most recent call last):`, `panic: ...`, or what an
  // exception prints above its frames). Such a line is an error of its own, unless the line before
  // it is the error that it belongs to; its level is unknown, it is no continuation.
  bool begins_trace = false;
  // An exception's class name (`ValueError`, `java.io.IOException`), also on continuation lines;
  // empty if the line names none. Points into the line.
  absl::string_view error_type;
  // What the line says something took.
  absl::optional<double> response_seconds;
};

// Knows Python logging, syslog (RFC 3164 and 5424), JSON lines, logfmt, Java (log4j, logback),
// glog, nginx and Apache (access and error), and bare level words; traces of Python, Java, Go,
// Node, Ruby, Rust and C++. Stateless but for the trace that the last line was within, so one
// object a log. Never fails: what is not understood is unknown.
class LineClassifier {
 public:
  LineClassifier() = default;

  // Goes on where another one stood: `trace` is what its trace() told.
  explicit LineClassifier(uint32_t trace);

  // `line` without its end. Valid UTF-8 or not. With an index of a text that the line is a part of,
  // the same is found faster.
  LineClass Classify(absl::string_view line, const TextIndex* index = nullptr);

  // The kind of trace that the last line was within; 0 is none. Kept in the collector's state.
  uint32_t trace() const { return static_cast<uint32_t>(trace_); }

 private:
  enum class Trace : uint8_t;  // Append only.

  LineClass ClassifyIndented(absl::string_view line, const TextIndex* index);
  // A line at the margin that goes on with the trace; none if the trace has ended before it.
  absl::optional<LineClass> ContinueTrace(absl::string_view line);
  // A line at the margin that only a trace has; none if it is another.
  absl::optional<LineClass> BeginTrace(absl::string_view line, const TextIndex* index);
  LineClass Begin(Trace trace, absl::string_view error_type);

  Trace trace_{};
};

}  // namespace ora::collector
