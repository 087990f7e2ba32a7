#include "collector/classify/structured_lines.h"

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "collector/classify/durations.h"
#include "collector/classify/error_types.h"
#include "collector/classify/level_words.h"

namespace ora::collector {
namespace {

enum class FieldKind { kOther, kLevel, kMessage, kErrorType, kErrorObject, kErrorText, kLogObject };

FieldKind KindOf(absl::string_view key) {
  switch (key.size()) {
    case 3:
      if (key == "lvl") return FieldKind::kLevel;
      if (key == "msg") return FieldKind::kMessage;
      if (key == "err" || key == "exc") return FieldKind::kErrorObject;
      if (key == "log") return FieldKind::kLogObject;
      return FieldKind::kOther;
    case 5:
      if (key == "level") return FieldKind::kLevel;
      if (key == "error") return FieldKind::kErrorObject;
      if (key == "stack") return FieldKind::kErrorText;
      return FieldKind::kOther;
    case 7:
      return key == "message" ? FieldKind::kMessage : FieldKind::kOther;
    case 8:
      if (key == "severity" || key == "loglevel" || key == "logLevel") return FieldKind::kLevel;
      if (key == "exc_type") return FieldKind::kErrorType;
      if (key == "exc_info" || key == "exc_text") return FieldKind::kErrorText;
      return FieldKind::kOther;
    case 9:
      if (key == "levelname" || key == "log.level" || key == "log_level") return FieldKind::kLevel;
      if (key == "exception") return FieldKind::kErrorObject;
      if (key == "errorType" || key == "errorName" || key == "exc_class") {
        return FieldKind::kErrorType;
      }
      if (key == "traceback") return FieldKind::kErrorText;
      return FieldKind::kOther;
    default:
      break;
  }
  if (key == "error.type" || key == "error_type" || key == "err.type" || key == "error_class" ||
      key == "exception.class" || key == "exception.type" || key == "exception_class" ||
      key == "exception_type" || key == "exceptionClass" || key == "error.kind") {
    return FieldKind::kErrorType;
  }
  if (key == "stack_trace" || key == "stacktrace" || key == "stackTrace" ||
      key == "error.stack_trace" || key == "exception.stacktrace") {
    return FieldKind::kErrorText;
  }
  if (key == "severity_text" || key == "SeverityText") return FieldKind::kLevel;
  return FieldKind::kOther;
}

// What of an object that tells an error is its class.
bool NamesErrorClass(absl::string_view key) {
  return key == "type" || key == "class" || key == "name" || key == "kind" || key == "exc_type" ||
         key == "class_name" || key == "exception_class";
}

// Collects what the fields of one line tell.
class FieldReader {
 public:
  void Take(absl::string_view key, absl::string_view value) {
    if (value.empty()) return;
    const FieldKind kind = KindOf(key);
    switch (kind) {
      case FieldKind::kLevel:
        TakeLevel(value);
        return;
      case FieldKind::kMessage:
        message_ = value;
        return;
      case FieldKind::kErrorType:
        TakeType(TypePrefix(value));
        return;
      case FieldKind::kErrorText:
      case FieldKind::kErrorObject:  // A string in its place.
        TakeType(TypeOfTrace(value));
        return;
      case FieldKind::kOther:
      case FieldKind::kLogObject:
        break;
    }
    if (seconds_.has_value() || !absl::ascii_isdigit(value[0])) return;
    if (const auto scale = DurationFieldScale(key)) seconds_ = ParseDurationField(value, *scale);
  }

  // A field of an object within the line, whose own key is `parent`.
  void TakeNested(absl::string_view parent, absl::string_view key, absl::string_view value) {
    const FieldKind kind = KindOf(parent);
    if (kind == FieldKind::kErrorObject) {
      if (NamesErrorClass(key)) TakeType(TypePrefix(value));
      if (KindOf(key) == FieldKind::kErrorText) TakeType(TypeOfTrace(value));
    } else if (kind == FieldKind::kLogObject && key == "level") {
      TakeLevel(value);
    }
  }

  LineClass Finish() const {
    LineClass result;
    result.level = level_;
    result.response_seconds = seconds_;
    if (!result.response_seconds.has_value()) result.response_seconds = FindDuration(message_);
    if (level_ == Level::kError || level_ == Level::kCritical) {
      result.error_type = error_type_.empty() ? FindErrorType(message_) : error_type_;
    }
    return result;
  }

 private:
  void TakeLevel(absl::string_view value) {
    if (level_ != Level::kUnknown) return;
    absl::optional<Level> level =
        absl::ascii_isdigit(value[0]) ? ParseLevelNumber(value) : ParseLevel(value);
    if (level.has_value()) level_ = *level;
  }

  void TakeType(absl::string_view type) {
    if (error_type_.empty() && !type.empty() && !absl::ascii_isdigit(type[0])) error_type_ = type;
  }

  Level level_ = Level::kUnknown;
  absl::string_view message_;
  absl::string_view error_type_;
  absl::optional<double> seconds_;
};

// A cursor over the text of one JSON object. It goes forward only; a wrong turn ends it.
class JsonCursor {
 public:
  explicit JsonCursor(absl::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  void SkipBlanks() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
  }

  bool Accept(char c) {
    SkipBlanks();
    if (at_ >= end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  char Peek() {
    SkipBlanks();
    return at_ < end_ ? *at_ : '\0';
  }

  // The raw text of the string that begins here; up to the end if it is cut off.
  absl::string_view String() {
    const char* begin = ++at_;
    while (at_ < end_) {
      const auto* quote =
          static_cast<const char*>(memchr(at_, '"', static_cast<size_t>(end_ - at_)));
      if (quote == nullptr) break;
      const char* escape = quote;
      while (escape > begin && escape[-1] == '\\') --escape;
      at_ = quote + 1;
      if ((quote - escape) % 2 == 0) return {begin, static_cast<size_t>(quote - begin)};
    }
    at_ = end_;
    return {begin, static_cast<size_t>(end_ - begin)};
  }

  // The number, true, false or null that begins here.
  absl::string_view Scalar() {
    const char* begin = at_;
    while (at_ < end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && *at_ != ' ') ++at_;
    return {begin, static_cast<size_t>(at_ - begin)};
  }

  // Passes the object or array that begins here, however deep.
  void SkipNested() {
    int depth = 0;
    while (at_ < end_) {
      const char c = *at_;
      if (c == '"') {
        String();
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return;
    }
  }

 private:
  const char* at_;
  const char* const end_;
};

enum class Depth { kTop, kNested };

// Reads the fields of the object whose `{` was just passed; false if it is not made as one.
bool ReadObject(JsonCursor& cursor, Depth depth, absl::string_view parent, FieldReader& reader) {
  if (cursor.Accept('}')) return true;
  do {
    if (cursor.Peek() != '"') return false;
    const absl::string_view key = cursor.String();
    if (!cursor.Accept(':')) return false;
    const char first = cursor.Peek();
    if (first == '{') {
      if (depth == Depth::kNested) {
        cursor.SkipNested();
      } else {
        cursor.Accept('{');
        if (!ReadObject(cursor, Depth::kNested, key, reader)) return false;
      }
    } else if (first == '[') {
      cursor.SkipNested();
    } else {
      const absl::string_view value = first == '"' ? cursor.String() : cursor.Scalar();
      if (depth == Depth::kTop) {
        reader.Take(key, value);
      } else if (!value.empty()) {
        reader.TakeNested(parent, key, value);
      }
    }
  } while (cursor.Accept(','));
  return cursor.Accept('}');
}

bool IsKeyByte(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-' || c == '@';
}

}  // namespace

absl::optional<LineClass> ClassifyJson(absl::string_view line) {
  JsonCursor cursor(line);
  FieldReader reader;
  if (!cursor.Accept('{')) return absl::nullopt;
  const bool whole = ReadObject(cursor, Depth::kTop, "", reader);
  const LineClass result = reader.Finish();
  if (!whole && result.level == Level::kUnknown) return absl::nullopt;
  return result;
}

bool LooksLikeLogfmt(absl::string_view line) {
  size_t end = 0;
  while (end < line.size() && IsKeyByte(line[end])) ++end;
  return end > 0 && end < line.size() && line[end] == '=';
}

LineClass ClassifyLogfmt(absl::string_view line) {
  FieldReader reader;
  size_t at = 0;
  while (at < line.size()) {
    const size_t begin = at;
    while (at < line.size() && IsKeyByte(line[at])) ++at;
    if (at == begin || at >= line.size() || line[at] != '=') {
      at = at == begin ? at + 1 : at;
      continue;
    }
    const absl::string_view key = line.substr(begin, at - begin);
    ++at;
    absl::string_view value;
    if (at < line.size() && line[at] == '"') {
      JsonCursor cursor(line.substr(at));
      value = cursor.String();
      at = static_cast<size_t>(value.data() - line.data()) + value.size() + 1;
    } else {
      const size_t end = line.find(' ', at);
      value = line.substr(at, end == absl::string_view::npos ? end : end - at);
      at += value.size();
    }
    reader.Take(key, value);
  }
  LineClass result = reader.Finish();
  if (result.level == Level::kUnknown) result.level = FindLevel(line);
  return result;
}

}  // namespace ora::collector
