#include "collector/classify/level_words.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "collector/classify/word_table.h"

namespace ora::collector {
namespace {

constexpr size_t kLevelWordBytesMax = 13;  // "informational"
constexpr size_t kMeantBytesMax = 9;       // "emergency": of running text's words.
constexpr int kHeaderWordsMax = 5;
constexpr size_t kHeaderBytesMax = 160;

constexpr WordTable<Level, 30, WordCase::kAny> kLevels{std::array<KnownWord<Level>, 30>{{
    {"debug", Level::kDebug},    {"trace", Level::kDebug},       {"verbose", Level::kDebug},
    {"fine", Level::kDebug},     {"finer", Level::kDebug},       {"finest", Level::kDebug},
    {"dbg", Level::kDebug},      {"info", Level::kInfo},         {"notice", Level::kInfo},
    {"inf", Level::kInfo},       {"config", Level::kInfo},       {"success", Level::kInfo},
    {"log", Level::kInfo},       {"information", Level::kInfo},  {"informational", Level::kInfo},
    {"warn", Level::kWarning},   {"warning", Level::kWarning},   {"wrn", Level::kWarning},
    {"error", Level::kError},    {"err", Level::kError},         {"severe", Level::kError},
    {"failure", Level::kError},  {"critical", Level::kCritical}, {"crit", Level::kCritical},
    {"fatal", Level::kCritical}, {"emerg", Level::kCritical},    {"emergency", Level::kCritical},
    {"alert", Level::kCritical}, {"panic", Level::kCritical},    {"ftl", Level::kCritical},
}}};

bool IsWordByte(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// Bytes that make a level word a part of something longer: a path, a name, an option.
bool GluesTo(char c) { return IsWordByte(c) || c == '-' || c == '/' || c == '.'; }

bool AllUpper(absl::string_view word) {
  for (const char c : word) {
    if (c & 0x20) return false;
  }
  return true;
}

constexpr size_t kDenialBytesMax = 7;
constexpr WordTable<bool, 5, WordCase::kAny> kDenials{std::array<KnownWord<bool>, 5>{
    {{"no", true}, {"0", true}, {"not", true}, {"without", true}, {"zero", true}}}};

// `before` ends where the level word begins: "no ", "0 ", "without ".
bool IsDenied(absl::string_view before) {
  const size_t size = before.size();
  while (!before.empty() && before.back() == ' ') before.remove_suffix(1);
  if (before.size() == size) return false;
  size_t bytes = 0;
  while (bytes < before.size() && bytes <= kDenialBytesMax &&
         IsWordByte(before[before.size() - 1 - bytes])) {
    ++bytes;
  }
  return kDenials.Find(before.substr(before.size() - bytes)) != nullptr;
}

constexpr size_t kNothingBytesMax = 5;
constexpr WordTable<bool, 5, WordCase::kAny> kNothings{std::array<KnownWord<bool>, 5>{
    {{"0", true}, {"none", true}, {"null", true}, {"nil", true}, {"false", true}}}};

// `after` begins where the level word ends: ": 0", "=0", ": none".
bool IsNothing(absl::string_view after) {
  if (after.empty() || (after[0] != ':' && after[0] != '=')) return false;
  after.remove_prefix(1);
  while (!after.empty() && after[0] == ' ') after.remove_prefix(1);
  size_t bytes = 0;
  if (absl::StartsWithIgnoreCase(after, "<nil>")) {
    bytes = 5;
    if (bytes < after.size() && IsWordByte(after[bytes])) return false;
  } else {
    while (bytes < after.size() && bytes <= kNothingBytesMax && IsWordByte(after[bytes])) ++bytes;
    if (kNothings.Find(after.substr(0, bytes)) == nullptr) return false;
  }
  return bytes == after.size() || after[bytes] != '.';
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

// The end of the word that begins at `from`.
size_t WordEnd(absl::string_view text, size_t from, const TextIndex* index) {
  if (index != nullptr) {
    const char* const end = text.data() + text.size();
    return static_cast<size_t>(index->WordEnd(text.data() + from, end) - text.data());
  }
  while (from < text.size() && IsWordByte(text[from])) ++from;
  return from;
}

// The first blank or tab from `from` on, else the end.
size_t BlankAfter(absl::string_view text, size_t from, const TextIndex* index) {
  if (index != nullptr) {
    const char* const end = text.data() + text.size();
    return static_cast<size_t>(index->Blank(text.data() + from, end) - text.data());
  }
  while (from < text.size() && text[from] != ' ' && text[from] != '\t') ++from;
  return from;
}

// The level that is meant by the word in [begin, end) of `text`.
absl::optional<Level> MeantLevel(absl::string_view text, size_t begin, size_t end) {
  const absl::string_view word = text.substr(begin, end - begin);
  const char right = end < text.size() ? text[end] : ' ';
  const bool possible = word.size() >= 3 && word.size() <= kMeantBytesMax &&
                        (AllUpper(word) || right == ':' || right == ']' || right == '>' ||
                         right == ')' || (begin > 0 && text[begin - 1] == '='));
  if (!possible) return absl::nullopt;
  const absl::optional<Level> level = ParseLevel(word);
  if (!level.has_value() || !IsMeant(text.substr(0, begin), word, text.substr(end))) {
    return absl::nullopt;
  }
  return level;
}

Level FindLevelPlainly(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    if (!absl::ascii_isalpha(text[i])) {
      ++i;
      continue;
    }
    const size_t end = WordEnd(text, i, nullptr);
    if (const auto level = MeantLevel(text, i, end)) return *level;
    i = end;
  }
  return Level::kUnknown;
}

// Of the words that can be meant, each has a mark: in it, or right behind it. But the first may be
// marked as a part of a word that begins before the text. A word that begins with a digit or `_` is
// a part of a name.
Level FindMarkedLevel(absl::string_view text, const TextIndex& index) {
  if (text.empty()) return Level::kUnknown;
  if (absl::ascii_isalpha(text[0])) {
    if (const auto level = MeantLevel(text, 0, WordEnd(text, 0, &index))) return *level;
  }
  const char* const end = text.data() + text.size();
  for (const char* at = index.Level(text.data(), end); at < end; at = index.Level(at + 1, end)) {
    size_t begin = static_cast<size_t>(at - text.data());
    const size_t from = begin > kMeantBytesMax + 1 ? begin - kMeantBytesMax - 1 : 0;
    while (begin > from && IsWordByte(text[begin - 1])) --begin;
    if (!absl::ascii_isalpha(text[begin])) continue;
    if (const auto level = MeantLevel(text, begin, WordEnd(text, begin, &index))) return *level;
  }
  return Level::kUnknown;
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
  const Level* const level = kLevels.Find(word);
  return level == nullptr ? absl::nullopt : absl::make_optional(*level);
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

Level FindLevel(absl::string_view text, const TextIndex* index) {
  return index == nullptr ? FindLevelPlainly(text) : FindMarkedLevel(text, *index);
}

Level FindHeaderLevel(absl::string_view text, const TextIndex* index) {
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
      const size_t end = WordEnd(text, i, index);
      const absl::string_view word = text.substr(i, end - i);
      const char right = end < text.size() ? text[end] : ' ';
      const bool whole = right == ' ' || right == ':' || right == '\t' || right == '|';
      if (whole && word.size() <= kLevelWordBytesMax && (words == 0 || AllUpper(word))) {
        const auto level = ParseLevel(word);
        if (level.has_value() && !IsDenied(text.substr(0, i)) && !IsNothing(text.substr(end))) {
          return *level;
        }
      }
      i = BlankAfter(text, end, index);
    }
    ++words;
  }
  return Level::kUnknown;
}

absl::optional<Level> FindDashedLevel(absl::string_view text, const TextIndex& index) {
  constexpr size_t kNameAt = 3;
  if (text.size() < 64 || text[0] != ' ' || text[1] != '-' || text[2] != ' ') return absl::nullopt;
  const uint64_t blanks = index.Blanks(text.data());
  const uint64_t words = index.WordBytes(text.data());
  const uint64_t after_name = blanks & ~uint64_t{0} << kNameAt;
  const uint64_t after_dash = after_name & (after_name - 1);
  const uint64_t after_level = after_dash & (after_dash - 1);
  if (after_level == 0) return absl::nullopt;
  const auto name_end = static_cast<size_t>(__builtin_ctzll(after_name));
  const auto dash_end = static_cast<size_t>(__builtin_ctzll(after_dash));
  const auto level_end = static_cast<size_t>(__builtin_ctzll(after_level));
  if (dash_end != name_end + 2 || text[name_end + 1] != '-' || text[name_end] != ' ' ||
      text[dash_end] != ' ' || text[level_end] != ' ' || text[name_end - 1] == ':') {
    return absl::nullopt;
  }
  // The name is no level, and not another sign.
  const size_t word_end = kNameAt + static_cast<size_t>(__builtin_ctzll(~(words >> kNameAt)));
  if (word_end == kNameAt || text[word_end] == ':' || text[word_end] == '|') return absl::nullopt;
  if (word_end == name_end && ParseLevel(text.substr(kNameAt, name_end - kNameAt)).has_value()) {
    return absl::nullopt;
  }
  const absl::string_view word = text.substr(dash_end + 1, level_end - dash_end - 1);
  if (!AllUpper(word)) return absl::nullopt;
  return ParseLevel(word);
}

}  // namespace ora::collector
