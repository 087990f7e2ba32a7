#include "collector/classify/line_classifier.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "collector/classify/durations.h"
#include "collector/classify/error_types.h"
#include "collector/classify/header_formats.h"
#include "collector/classify/level_words.h"
#include "collector/classify/structured_lines.h"

namespace ora::collector {

enum class LineClassifier::Trace : uint8_t {
  kNone,
  kPython,       // In the frames: the next line at the margin names the exception.
  kPythonEnded,  // After that line.
  kPythonChain,  // Another traceback of the same error follows.
  kIndented,     // Java, Node, Ruby, C++: frames are indented.
  kGo,           // Until a line that begins as a log's lines do.
  kRustMessage,  // The panic's message is on the next line.
  kRust,
  kPythonGroup,  // All its lines are indented.
};

namespace {

constexpr uint32_t kTraceLast = 8;

bool IsError(Level level) { return level == Level::kError || level == Level::kCritical; }

LineClass WithLevel(Level level, absl::string_view text, const TextIndex* index) {
  LineClass result;
  result.level = level;
  result.response_seconds = FindDuration(text, index);
  if (IsError(level)) result.error_type = FindErrorType(text);
  return result;
}

LineClass Continuation(absl::string_view error_type) {
  LineClass result;
  result.continuation = true;
  result.error_type = error_type;
  return result;
}

// A line whose beginning tells nothing.
LineClass ClassifyText(absl::string_view text, const TextIndex* index) {
  return WithLevel(FindLevel(text, index), text, index);
}

// What comes after a timestamp.
LineClass ClassifyAfterTime(absl::string_view rest, const TextIndex* index) {
  Level level = FindHeaderLevel(rest, index);
  if (level == Level::kUnknown) level = FindLevel(rest, index);
  return WithLevel(level, rest, index);
}

// What a program said through syslog, which may be a line of any other format.
LineClass ClassifyMessage(absl::string_view message, const TextIndex* index) {
  if (message.empty()) return LineClass();
  if (message[0] == '{') {
    if (const auto json = ClassifyJson(message, index)) return *json;
  }
  if (index != nullptr && absl::ascii_islower(message[0])) {
    // A word in small letters with a blank behind it begins none of what follows.
    const char* const end = message.data() + message.size();
    const char* const word_end = index->WordEnd(message.data(), end);
    if (word_end < end && *word_end == ' ') return ClassifyText(message, index);
  }
  if (const auto level = ParseGlog(message)) return WithLevel(*level, message, index);
  if (const absl::string_view type = LeadingErrorType(message); !type.empty()) {
    LineClass result = WithLevel(Level::kError, message, index);
    result.error_type = type;
    return result;
  }
  if (const size_t time = TimestampSize(message); time > 0) {
    return ClassifyAfterTime(message.substr(time), index);
  }
  if (LooksLikeLogfmt(message)) return ClassifyLogfmt(message, index);
  return ClassifyText(message, index);
}

LineClass ClassifySyslog(const SyslogLine& syslog, const TextIndex* index) {
  LineClass result = ClassifyMessage(syslog.message, index);
  if (syslog.severity.has_value()) {
    result.level = LevelOfSeverity(*syslog.severity);
    if (IsError(result.level) && result.error_type.empty()) {
      result.error_type = FindErrorType(syslog.message);
    } else if (!IsError(result.level)) {
      result.error_type = {};
    }
  }
  return result;
}

LineClass ClassifyAccess(const AccessLine& access, const TextIndex* index) {
  LineClass result;
  result.level = access.status >= 500   ? Level::kError
                 : access.status >= 400 ? Level::kWarning
                                        : Level::kInfo;
  result.response_seconds = FindDuration(access.rest, index);
  return result;
}

LineClass ClassifyBracketed(absl::string_view line, const TextIndex* index) {
  if (TimestampSize(line.substr(1)) > 0) {
    const size_t close = line.find(']');
    if (close != absl::string_view::npos) return ClassifyAfterTime(line.substr(close + 1), index);
  }
  return ClassifyAfterTime(line, index);
}

// By the formats that tell themselves by how a line begins; none if no format does.
absl::optional<LineClass> ClassifyFormatted(absl::string_view line, const TextIndex* index) {
  const char first = line[0];
  if (first == '{') return ClassifyJson(line, index);
  if (first == '[') return ClassifyBracketed(line, index);
  if (absl::ascii_isdigit(first)) {
    if (const size_t time = TimestampSize(line); time > 0) {
      const absl::string_view rest = line.substr(time);
      if (index != nullptr) {
        if (const auto level = FindDashedLevel(rest, *index)) return WithLevel(*level, rest, index);
      }
      if (const auto message = TaggedMessage(rest, index)) return ClassifyMessage(*message, index);
      return ClassifyAfterTime(rest, index);
    }
  } else if (first == '<' || absl::ascii_isupper(first)) {
    if (const auto syslog = ParseSyslog(line, index)) return ClassifySyslog(*syslog, index);
    if (const auto level = ParseGlog(line)) return WithLevel(*level, line, index);
  }
  if (const auto access = ParseAccess(line)) return ClassifyAccess(*access, index);
  if (LooksLikeLogfmt(line)) return ClassifyLogfmt(line, index);
  return absl::nullopt;
}

// Ruby: `app.rb:3:in `work': message (RuntimeError)`.
absl::string_view RubyErrorType(absl::string_view line) {
  if (!absl::EndsWith(line, ")") || !absl::StrContains(line, ":in ")) return {};
  const size_t open = line.rfind('(');
  if (open == absl::string_view::npos) return {};
  const absl::string_view type = TypePrefix(line.substr(open + 1));
  return type.size() + 2 == line.size() - open ? type : absl::string_view();
}

// Node: `TypeError [ERR_INVALID_ARG_TYPE]: message`, and its base class, which other languages have
// not: `Error: message`.
absl::string_view NodeErrorType(absl::string_view line, const TextIndex* index) {
  if (absl::StartsWith(line, "Error: ")) {
    return IsError(FindLevel(line, index)) ? line.substr(0, 5) : absl::string_view();
  }
  const absl::string_view type = TypePrefix(line);
  const absl::string_view rest = line.substr(type.size());
  if (!absl::EndsWith(type, "Error") || !absl::StartsWith(rest, " [")) return {};
  return absl::StrContains(rest, "]: ") ? type : absl::string_view();
}

// Node tells the place first, alone on its line: `/srv/app/orders.js:41`, `node:internal/fs:1080`.
bool IsNodePlace(absl::string_view line) {
  const size_t colon = line.rfind(':');
  if (colon == absl::string_view::npos || colon + 1 == line.size()) return false;
  for (const char c : line.substr(colon + 1)) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  const absl::string_view file = line.substr(0, colon);
  if (absl::StrContains(file, ' ')) return false;
  return absl::StartsWith(file, "node:") || absl::EndsWith(file, "js") ||
         absl::EndsWith(file, ".ts");
}

// Sanitizers: `==4711==ERROR: AddressSanitizer: message`.
absl::string_view SanitizerType(absl::string_view line) {
  constexpr absl::string_view kError = "==ERROR: ";
  const size_t error = line.find(kError, 2);
  if (!absl::StartsWith(line, "==") || error == absl::string_view::npos) return {};
  return TypePrefix(line.substr(error + kError.size()));
}

}  // namespace

LineClassifier::LineClassifier(uint32_t trace)
    : trace_(trace <= kTraceLast ? static_cast<Trace>(trace) : Trace::kNone) {}

LineClass LineClassifier::Classify(absl::string_view line, const TextIndex* index) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty()) {
    if (trace_ == Trace::kIndented || trace_ == Trace::kRust || trace_ == Trace::kPythonGroup) {
      trace_ = Trace::kNone;
    }
    return trace_ == Trace::kNone ? LineClass() : Continuation({});
  }
  if (line[0] == ' ' || line[0] == '\t') return ClassifyIndented(line, index);
  if (trace_ != Trace::kNone) {
    if (const auto rest = ContinueTrace(line)) return *rest;
  }
  if (const auto formatted = ClassifyFormatted(line, index)) {
    trace_ = Trace::kNone;
    return *formatted;
  }
  if (trace_ == Trace::kGo) return Continuation({});
  if (trace_ == Trace::kRustMessage) {
    trace_ = Trace::kRust;
    return Continuation({});
  }
  trace_ = Trace::kNone;
  if (const auto begun = BeginTrace(line, index)) return *begun;
  return ClassifyText(line, index);
}

LineClass LineClassifier::ClassifyIndented(absl::string_view line, const TextIndex* index) {
  const absl::string_view text = absl::StripLeadingAsciiWhitespace(line);
  if (trace_ == Trace::kPythonGroup) {
    if (!absl::StartsWith(text, "| ")) return Continuation({});
    return Continuation(LeadingAnyType(text.substr(2)));
  }
  if (absl::StartsWith(text, "+ Exception Group Traceback")) {
    return Begin(Trace::kPythonGroup, {});
  }
  if (trace_ == Trace::kNone) {
    // Some programs indent all that they say.
    const absl::string_view word = text.substr(0, text.find_first_of(" :\t"));
    if (word.size() >= 4 && absl::ascii_isupper(word.back()) && ParseLevel(word).has_value()) {
      return ClassifyText(text, index);
    }
    if (absl::StartsWith(text, "at ")) trace_ = Trace::kIndented;
  }
  return Continuation({});
}

absl::optional<LineClass> LineClassifier::ContinueTrace(absl::string_view line) {
  switch (trace_) {
    case Trace::kPython: {
      const absl::string_view type = LeadingAnyType(line);
      if (type.empty() || ParseLevel(type).has_value()) return absl::nullopt;
      trace_ = Trace::kPythonEnded;
      return Continuation(type);
    }
    case Trace::kPythonEnded:
      if (!absl::StartsWith(line, "During handling of the above exception") &&
          !absl::StartsWith(line, "The above exception was the direct cause")) {
        return absl::nullopt;
      }
      trace_ = Trace::kPythonChain;
      return Continuation({});
    case Trace::kPythonChain:
      if (!absl::StartsWith(line, "Traceback (most recent call last)")) return absl::nullopt;
      trace_ = Trace::kPython;
      return Continuation({});
    case Trace::kRust:
      if (!absl::StartsWith(line, "note: ") && !absl::StartsWith(line, "stack backtrace:")) {
        return absl::nullopt;
      }
      return Continuation({});
    case Trace::kIndented:
      if (!absl::StartsWith(line, "... ") && !absl::StartsWith(line, "PC: @")) {
        return absl::nullopt;
      }
      return Continuation({});
    case Trace::kPythonGroup:
    case Trace::kNone:
    case Trace::kGo:
    case Trace::kRustMessage:
      return absl::nullopt;
  }
  return absl::nullopt;
}

LineClass LineClassifier::Begin(Trace trace, absl::string_view error_type) {
  trace_ = trace;
  LineClass result;
  result.begins_trace = true;
  result.error_type = error_type;
  return result;
}

absl::optional<LineClass> LineClassifier::BeginTrace(absl::string_view line,
                                                     const TextIndex* index) {
  constexpr absl::string_view kCausedBy = "Caused by: ";
  constexpr absl::string_view kTerminate = "terminate called after throwing an instance of '";
  constexpr absl::string_view kInThread = "Exception in thread \"";
  if (absl::StartsWith(line, "Traceback (most recent call last)")) {
    return Begin(Trace::kPython, {});
  }
  if (absl::StartsWith(line, kCausedBy)) {
    trace_ = Trace::kIndented;
    return Continuation(TypePrefix(line.substr(kCausedBy.size())));
  }
  if (absl::StartsWith(line, "panic: ")) return Begin(Trace::kGo, line.substr(0, 5));
  if (absl::StartsWith(line, "goroutine ") && absl::EndsWith(line, "]:")) {
    trace_ = Trace::kGo;
    return Continuation({});
  }
  if (absl::StartsWith(line, "thread '")) {
    const size_t panicked = line.find(" panicked at ");
    if (panicked == absl::string_view::npos) return absl::nullopt;
    return Begin(absl::EndsWith(line, ":") ? Trace::kRustMessage : Trace::kRust,
                 line.substr(panicked + 1, 5));
  }
  if (absl::StartsWith(line, kTerminate)) {
    return Begin(Trace::kIndented, TypePrefix(line.substr(kTerminate.size())));
  }
  if (absl::StartsWith(line, kInThread)) {
    const size_t end = line.find("\" ", kInThread.size());
    return Begin(Trace::kIndented, end == absl::string_view::npos
                                       ? absl::string_view()
                                       : TypePrefix(line.substr(end + 2)));
  }
  // Go: its goroutines follow after a blank line.
  if (absl::StartsWith(line, "fatal error: ")) return Begin(Trace::kNone, line.substr(0, 5));
  if (absl::StartsWith(line, "*** SIG")) {
    return Begin(Trace::kIndented, TypePrefix(line.substr(4)));
  }
  if (IsNodePlace(line)) {
    trace_ = Trace::kIndented;
    return Continuation({});
  }
  // How sanitizers begin.
  if (line.find_first_not_of('=') == absl::string_view::npos) return Continuation({});
  absl::string_view type = LeadingErrorType(line);
  if (type.empty()) type = RubyErrorType(line);
  if (type.empty()) type = NodeErrorType(line, index);
  if (type.empty()) type = SanitizerType(line);
  if (type.empty()) return absl::nullopt;
  return Begin(Trace::kIndented, type);
}

}  // namespace ora::collector
