#include "collector/classify/structured_lines.h"

#include <array>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "collector/classify/durations.h"
#include "collector/classify/error_types.h"
#include "collector/classify/level_words.h"
#include "collector/classify/word_table.h"

namespace ora::collector {
namespace {

enum class FieldKind { kOther, kLevel, kMessage, kErrorType, kErrorObject, kErrorText, kLogObject };

constexpr WordTable<FieldKind, 40> kFieldKinds{std::array<KnownWord<FieldKind>, 40>{{
    {"lvl", FieldKind::kLevel},
    {"level", FieldKind::kLevel},
    {"severity", FieldKind::kLevel},
    {"loglevel", FieldKind::kLevel},
    {"logLevel", FieldKind::kLevel},
    {"levelname", FieldKind::kLevel},
    {"log.level", FieldKind::kLevel},
    {"log_level", FieldKind::kLevel},
    {"severity_text", FieldKind::kLevel},
    {"SeverityText", FieldKind::kLevel},
    {"msg", FieldKind::kMessage},
    {"message", FieldKind::kMessage},
    {"err", FieldKind::kErrorObject},
    {"exc", FieldKind::kErrorObject},
    {"error", FieldKind::kErrorObject},
    {"exception", FieldKind::kErrorObject},
    {"log", FieldKind::kLogObject},
    {"stack", FieldKind::kErrorText},
    {"exc_info", FieldKind::kErrorText},
    {"exc_text", FieldKind::kErrorText},
    {"traceback", FieldKind::kErrorText},
    {"stack_trace", FieldKind::kErrorText},
    {"stacktrace", FieldKind::kErrorText},
    {"stackTrace", FieldKind::kErrorText},
    {"error.stack_trace", FieldKind::kErrorText},
    {"exception.stacktrace", FieldKind::kErrorText},
    {"exc_type", FieldKind::kErrorType},
    {"errorType", FieldKind::kErrorType},
    {"errorName", FieldKind::kErrorType},
    {"exc_class", FieldKind::kErrorType},
    {"error.type", FieldKind::kErrorType},
    {"error_type", FieldKind::kErrorType},
    {"err.type", FieldKind::kErrorType},
    {"error_class", FieldKind::kErrorType},
    {"exception.class", FieldKind::kErrorType},
    {"exception.type", FieldKind::kErrorType},
    {"exception_class", FieldKind::kErrorType},
    {"exception_type", FieldKind::kErrorType},
    {"exceptionClass", FieldKind::kErrorType},
    {"error.kind", FieldKind::kErrorType},
}}};

FieldKind KindOf(absl::string_view key) {
  const FieldKind* const kind = kFieldKinds.Find(key);
  return kind == nullptr ? FieldKind::kOther : *kind;
}

// What of an object that tells an error is its class.
bool NamesErrorClass(absl::string_view key) {
  return key == "type" || key == "class" || key == "name" || key == "kind" || key == "exc_type" ||
         key == "class_name" || key == "exception_class";
}

// Collects what the fields of one line tell.
class FieldReader {
 public:
  explicit FieldReader(const TextIndex* index) : index_(index) {}

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

  // Whether no further field changes what Finish tells.
  bool Complete() const {
    return seconds_.has_value() && level_ != Level::kUnknown && level_ < Level::kError;
  }

  LineClass Finish() const {
    LineClass result;
    result.level = level_;
    result.response_seconds = seconds_;
    if (!result.response_seconds.has_value())
      result.response_seconds = FindDuration(message_, index_);
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

  const TextIndex* const index_;
  Level level_ = Level::kUnknown;
  absl::string_view message_;
  absl::string_view error_type_;
  absl::optional<double> seconds_;
};

// A cursor over the text of one JSON object. It goes forward only; a wrong turn ends it.
class JsonCursor {
 public:
  JsonCursor(absl::string_view text, const TextIndex* index)
      : at_(text.data()), end_(at_ + text.size()), index_(index) {}

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
      const char* const quote = NextQuote();
      if (quote == end_) break;
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
    while (at_ < end_ && IsScalarByte(*at_)) ++at_;
    return {begin, static_cast<size_t>(at_ - begin)};
  }

  // The field that begins here, if it is as most programs write it: on one line with its comma, no
  // escapes at its ends, the value a string or a scalar. Passes the comma; none, and passes
  // nothing, if it is another.
  struct Field {
    absl::string_view key;
    absl::string_view value;
  };
  absl::optional<Field> PlainField() {
    if (index_ == nullptr || at_ >= end_ || *at_ != '"') return absl::nullopt;
    const auto left = static_cast<size_t>(end_ - at_);
    const uint64_t quotes = index_->Quotes(at_) & ~uint64_t{1};
    if (quotes == 0) return absl::nullopt;
    const auto key_end = static_cast<size_t>(__builtin_ctzll(quotes));
    if (key_end + 4 > left || at_[key_end - 1] == '\\' || at_[key_end + 1] != ':') {
      return absl::nullopt;
    }
    const char* const value = at_ + key_end + (at_[key_end + 2] == ' ' ? 3 : 2);
    Field field{{at_ + 1, key_end - 1}, {}};
    const char* comma = value;
    if (*value == '"') {
      const char* const value_end = index_->Quote(value + 1, end_);
      if (value_end == end_ || value_end[-1] == '\\') return absl::nullopt;
      field.value = {value + 1, static_cast<size_t>(value_end - value - 1)};
      comma = value_end + 1;
    } else {
      if (*value == '{' || *value == '[' || *value == ' ' || *value == '\t') return absl::nullopt;
      while (comma < end_ && IsScalarByte(*comma)) ++comma;
      field.value = {value, static_cast<size_t>(comma - value)};
    }
    if (comma == end_ || *comma != ',') return absl::nullopt;
    at_ = comma + 1;
    if (at_ < end_ && *at_ == ' ') ++at_;
    return field;
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
  static bool IsScalarByte(char c) { return c != ',' && c != '}' && c != ']' && c != ' '; }

  const char* NextQuote() const {
    if (index_ != nullptr) return index_->Quote(at_, end_);
    const void* quote = memchr(at_, '"', static_cast<size_t>(end_ - at_));
    return quote == nullptr ? end_ : static_cast<const char*>(quote);
  }

  const char* at_;
  const char* const end_;
  const TextIndex* const index_;
};

enum class Depth { kTop, kNested };

// Reads the fields of the object whose `{` was just passed; false if it is not made as one.
bool ReadObject(JsonCursor& cursor, Depth depth, absl::string_view parent, FieldReader& reader) {
  if (cursor.Accept('}')) return true;
  do {
    if (depth == Depth::kTop) {
      while (const auto field = cursor.PlainField()) {
        reader.Take(field->key, field->value);
        if (reader.Complete()) return true;
      }
    }
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

absl::optional<LineClass> ClassifyJson(absl::string_view line, const TextIndex* index) {
  JsonCursor cursor(line, index);
  FieldReader reader(index);
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

LineClass ClassifyLogfmt(absl::string_view line, const TextIndex* index) {
  FieldReader reader(index);
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
      JsonCursor cursor(line.substr(at), index);
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
  if (result.level == Level::kUnknown) result.level = FindLevel(line, index);
  return result;
}

}  // namespace ora::collector
