#include "collector/classify/level_words.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace ora::collector {
namespace {

constexpr size_t kPackedMax = 8;
constexpr int kHeaderWordsMax = 5;
constexpr size_t kHeaderBytesMax = 160;

constexpr uint64_t Pack(absl::string_view word) {
  uint64_t packed = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    packed |= static_cast<uint64_t>(static_cast<uint8_t>(word[i]) | 0x20) << (8 * i);
  }
  return packed;
}

// For words of at most kPackedMax letters.
absl::optional<Level> LevelOfPacked(uint64_t packed) {
  switch (packed) {
    case Pack("debug"):
    case Pack("trace"):
    case Pack("verbose"):
    case Pack("fine"):
    case Pack("finer"):
    case Pack("finest"):
    case Pack("dbg"):
      return Level::kDebug;
    case Pack("info"):
    case Pack("notice"):
    case Pack("inf"):
    case Pack("config"):
    case Pack("success"):
    case Pack("log"):
      return Level::kInfo;
    case Pack("warn"):
    case Pack("warning"):
    case Pack("wrn"):
      return Level::kWarning;
    case Pack("error"):
    case Pack("err"):
    case Pack("severe"):
    case Pack("failure"):
      return Level::kError;
    case Pack("critical"):
    case Pack("crit"):
    case Pack("fatal"):
    case Pack("emerg"):
    case Pack("alert"):
    case Pack("panic"):
    case Pack("ftl"):
      return Level::kCritical;
    default:
      return absl::nullopt;
  }
}

bool IsWordByte(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// Bytes that make a level word a part of something longer: a path, a name, an option.
bool GluesTo(char c) { return IsWordByte(c) || c == '-' || c == '/' || c == '.'; }

bool AllUpper(absl::string_view word) {
  for (const char c : word) {
    if (c & 0x20) return false;
  }
  return true;
}

bool EndsWithWord(absl::string_view text, absl::string_view word) {
  return absl::EndsWithIgnoreCase(text, word) &&
         (text.size() == word.size() || !IsWordByte(text[text.size() - word.size() - 1]));
}

// `before` ends where the level word begins: "no ", "0 ", "without ".
bool IsDenied(absl::string_view before) {
  const size_t size = before.size();
  while (!before.empty() && before.back() == ' ') before.remove_suffix(1);
  if (before.size() == size || before.empty()) return false;
  return EndsWithWord(before, "no") || EndsWithWord(before, "0") || EndsWithWord(before, "not") ||
         EndsWithWord(before, "without") || EndsWithWord(before, "zero");
}

// `after` begins where the level word ends: ": 0", "=0", ": none".
bool IsNothing(absl::string_view after) {
  if (after.empty() || (after[0] != ':' && after[0] != '=')) return false;
  after.remove_prefix(1);
  while (!after.empty() && after[0] == ' ') after.remove_prefix(1);
  for (const absl::string_view nothing : {"0", "none", "null", "nil", "<nil>", "false"}) {
    if (absl::StartsWithIgnoreCase(after, nothing) &&
        (after.size() == nothing.size() ||
         (!IsWordByte(after[nothing.size()]) && after[nothing.size()] != '.'))) {
      return true;
    }
  }
  return false;
}

// Whether a level word between `before` and `after` is meant as one.
bool IsMeant(absl::string_view before, absl::string_view word, absl::string_view after) {
  const char left = before.empty() ? ' ' : before.back();
  const char right = after.empty() ? ' ' : after[0];
  if (left == '=' &&
      (absl::EndsWithIgnoreCase(before, "level=") || absl::EndsWithIgnoreCase(before, "lvl=") ||
       absl::EndsWithIgnoreCase(before, "severity="))) {
    return true;
  }
  if (GluesTo(left) || IsWordByte(right) || right == '-' || right == '/' || right == '=') {
    return false;
  }
  if (right == '.' && after.size() > 1 && IsWordByte(after[1])) return false;
  const bool enclosed = (left == '[' && right == ']') || (left == '<' && right == '>') ||
                        (left == '(' && right == ')') || (left == '|' && right == '|');
  const bool upper = AllUpper(word) && word.size() > 3;
  if (!enclosed && !upper && right != ':') return false;
  return !IsDenied(before) && !IsNothing(after);
}

}  // namespace

absl::string_view LevelName(Level level) {
  switch (level) {
    case Level::kUnknown:
      return "unknown";
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
    case Level::kCritical:
      return "critical";
  }
  return "unknown";
}

absl::optional<Level> ParseLevel(absl::string_view word) {
  if (word.size() < 3) return absl::nullopt;
  if (word.size() > kPackedMax) {
    if (absl::EqualsIgnoreCase(word, "emergency")) return Level::kCritical;
    if (absl::EqualsIgnoreCase(word, "information")) return Level::kInfo;
    if (absl::EqualsIgnoreCase(word, "informational")) return Level::kInfo;
    return absl::nullopt;
  }
  for (const char c : word) {
    if (!absl::ascii_isalpha(c)) return absl::nullopt;
  }
  return LevelOfPacked(Pack(word));
}

absl::optional<Level> ParseLevelNumber(absl::string_view digits) {
  if (digits.size() != 2 || digits[1] != '0') return absl::nullopt;
  switch (digits[0]) {
    case '1':
    case '2':
      return Level::kDebug;
    case '3':
      return Level::kInfo;
    case '4':
      return Level::kWarning;
    case '5':
      return Level::kError;
    case '6':
      return Level::kCritical;
    default:
      return absl::nullopt;
  }
}

Level LevelOfSeverity(int severity) {
  if (severity <= 2) return Level::kCritical;
  if (severity == 3) return Level::kError;
  if (severity == 4) return Level::kWarning;
  return severity == 7 ? Level::kDebug : Level::kInfo;
}

Level FindLevel(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    if (!absl::ascii_isalpha(text[i])) {
      ++i;
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && IsWordByte(text[end])) ++end;
    const absl::string_view word = text.substr(i, end - i);
    const char right = end < text.size() ? text[end] : ' ';
    const bool possible = word.size() >= 3 && word.size() <= 9 &&
                          (AllUpper(word) || right == ':' || right == ']' || right == '>' ||
                           right == ')' || (i > 0 && text[i - 1] == '='));
    if (possible) {
      const absl::optional<Level> level = ParseLevel(word);
      if (level.has_value() && IsMeant(text.substr(0, i), word, text.substr(end))) return *level;
    }
    i = end;
  }
  return Level::kUnknown;
}

Level FindHeaderLevel(absl::string_view text) {
  text = text.substr(0, kHeaderBytesMax);
  size_t i = 0;
  for (int words = 0; words < kHeaderWordsMax;) {
    while (i < text.size() && (text[i] == ' ' || text[i] == '\t' || text[i] == '|')) ++i;
    if (i >= text.size()) return Level::kUnknown;
    if (text[i] == '-' && (i + 1 >= text.size() || text[i + 1] == ' ')) {
      ++i;
      continue;
    }
    if (text[i] == '[' || text[i] == '<' || text[i] == '(') {
      const char close = text[i] == '[' ? ']' : text[i] == '<' ? '>' : ')';
      const size_t end = text.find(close, i + 1);
      if (end == absl::string_view::npos) return Level::kUnknown;
      absl::string_view inner = text.substr(i + 1, end - i - 1);
      if (const size_t colon = inner.rfind(':'); colon != absl::string_view::npos) {
        inner.remove_prefix(colon + 1);
      }
      if (const auto level = ParseLevel(absl::StripAsciiWhitespace(inner))) return *level;
      i = end + 1;
      if (i < text.size() && text[i] == ':') ++i;
    } else {
      size_t end = i;
      while (end < text.size() && IsWordByte(text[end])) ++end;
      const absl::string_view word = text.substr(i, end - i);
      const char right = end < text.size() ? text[end] : ' ';
      const bool whole = right == ' ' || right == ':' || right == '\t' || right == '|';
      if (whole && word.size() <= 13 && (words == 0 || AllUpper(word))) {
        const auto level = ParseLevel(word);
        if (level.has_value() && !IsDenied(text.substr(0, i)) && !IsNothing(text.substr(end))) {
          return *level;
        }
      }
      i = end;
      while (i < text.size() && text[i] != ' ' && text[i] != '\t') ++i;
    }
    ++words;
  }
  return Level::kUnknown;
}

}  // namespace ora::collector
