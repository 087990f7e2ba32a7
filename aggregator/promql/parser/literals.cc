#include "aggregator/promql/parser/literals.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::promql {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kDay = 24 * 3600 * kSecond;
constexpr int64_t kDurationMillisMax = std::numeric_limits<int64_t>::max() / 1'000'000;

struct Unit {
  absl::string_view name;
  int64_t millis;
  bool exact_only;  // Printed only where nothing smaller is left.
};

constexpr Unit kUnits[] = {
    {"y", 365 * kDay, true},    {"w", 7 * kDay, true},
    {"d", kDay, true},          {"h", 3600 * kSecond, false},
    {"m", 60 * kSecond, false}, {"s", kSecond, false},
    {"ms", 1, false},
};

absl::Status BadNumber(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("bad number or duration syntax: ", Quote(text),
                   ", expected a number such as 1.5 or a duration such as 1h30m"));
}

// Without `_` between digits; empty where one stands elsewhere.
std::string WithoutSeparators(absl::string_view text) {
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      digits += text[i];
      continue;
    }
    if (i == 0 || i + 1 == text.size()) return "";
    if (!absl::ascii_isxdigit(text[i - 1]) || !absl::ascii_isxdigit(text[i + 1])) return "";
  }
  return digits;
}

template <typename Number>
bool ParseInteger(absl::string_view text, Number* value, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value, base);
  return error == std::errc() && end == text.data() + text.size();
}

void AppendUtf8(uint32_t rune, std::string* out) {
  if (rune < 0x80) {
    *out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    *out += static_cast<char>(0xc0 | (rune >> 6));
    *out += static_cast<char>(0x80 | (rune & 0x3f));
  } else if (rune < 0x10000) {
    *out += static_cast<char>(0xe0 | (rune >> 12));
    *out += static_cast<char>(0x80 | ((rune >> 6) & 0x3f));
    *out += static_cast<char>(0x80 | (rune & 0x3f));
  } else {
    *out += static_cast<char>(0xf0 | (rune >> 18));
    *out += static_cast<char>(0x80 | ((rune >> 12) & 0x3f));
    *out += static_cast<char>(0x80 | ((rune >> 6) & 0x3f));
    *out += static_cast<char>(0x80 | (rune & 0x3f));
  }
}

char SimpleEscape(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return '\0';
  }
}

std::string NameOf(double value) { return std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"; }

// d.ddd times ten to `exponent`, without the point and the sign.
struct Digits {
  std::string digits;
  int exponent = 0;
};

Digits ShortestDigits(double value) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), std::fabs(value),
                                          std::chars_format::scientific);
  Digits digits;
  const char* at = buffer;
  for (; at != end && *at != 'e'; ++at) {
    if (*at != '.') digits.digits += *at;
  }
  at += at[1] == '+' ? 2 : 1;  // from_chars reads no plus.
  std::from_chars(at, static_cast<const char*>(end), digits.exponent);
  return digits;
}

// How long the digits of a numeric escape are, and their base; {0, 0}: it is none.
std::pair<size_t, int> NumericEscape(char c) {
  if (c == 'x') return {2, 16};
  if (c == 'u') return {4, 16};
  if (c == 'U') return {8, 16};
  if (c >= '0' && c <= '7') return {3, 8};
  return {0, 0};
}

}  // namespace

absl::StatusOr<double> ParseNumber(absl::string_view text) {
  const std::string digits = WithoutSeparators(text);
  if (digits.empty()) return BadNumber(text);
  int64_t integer = 0;
  if (absl::StartsWithIgnoreCase(digits, "0x")) {
    if (!ParseInteger(absl::string_view(digits).substr(2), &integer, 16) || digits[2] == '-') {
      return BadNumber(text);
    }
    return static_cast<double>(integer);
  }
  if (digits.size() > 1 && digits[0] == '0' && ParseInteger(digits, &integer, 8)) {
    return static_cast<double>(integer);
  }
  double value = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, value);
  if (error == std::errc::result_out_of_range && end == last) {
    value = std::strtod(digits.c_str(), nullptr);
    if (std::isfinite(value)) return value;  // Too small for from_chars, not for Go.
  }
  if (error != std::errc() || end != last) return BadNumber(text);
  return value;
}

absl::StatusOr<int64_t> ParseDurationMillis(absl::string_view text) {
  const std::string whole(text);
  int64_t total = 0;
  size_t next_unit = 0;
  if (text.empty()) return BadNumber(whole);
  while (!text.empty()) {
    size_t digits = 0;
    while (digits < text.size() && absl::ascii_isdigit(text[digits])) ++digits;
    int64_t count = 0;
    if (!ParseInteger(text.substr(0, digits), &count, 10)) return BadNumber(whole);
    text.remove_prefix(digits);
    size_t letters = 0;
    while (letters < text.size() && absl::ascii_isalpha(text[letters])) ++letters;
    size_t unit = next_unit;
    while (unit < std::size(kUnits) && kUnits[unit].name != text.substr(0, letters)) ++unit;
    if (unit == std::size(kUnits)) return BadNumber(whole);
    text.remove_prefix(letters);
    next_unit = unit + 1;
    if (count > (kDurationMillisMax - total) / kUnits[unit].millis) {
      return absl::InvalidArgumentError("duration out of range");
    }
    total += count * kUnits[unit].millis;
  }
  return total;
}

absl::StatusOr<std::string> Unquote(absl::string_view quoted) {
  const char quote = quoted.front();
  const absl::string_view body = quoted.substr(1, quoted.size() - 2);
  if (quote == '`') return std::string(body);
  std::string text;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      text += body[i];
      continue;
    }
    const char c = body[++i];  // The lexer lets no string end in a backslash.
    if (const char simple = SimpleEscape(c); simple != '\0') {
      text += simple;
      continue;
    }
    if (c == '\\' || c == quote) {
      text += c;
      continue;
    }
    const auto [length, base] = NumericEscape(c);
    const size_t begin = base == 8 ? i : i + 1;
    uint32_t code = 0;
    if (length == 0 || begin + length > body.size() ||
        !ParseInteger(body.substr(begin, length), &code, base)) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown escape sequence in ", quoted, " at \"\\", body.substr(i, 1), "\""));
    }
    const bool rune = c == 'u' || c == 'U';
    if ((!rune && code > 255) || code > 0x10ffff || (rune && code >= 0xd800 && code < 0xe000)) {
      return absl::InvalidArgumentError(
          absl::StrCat("escape sequence is no valid Unicode code point in ", quoted));
    }
    if (rune) {
      AppendUtf8(code, &text);
    } else {
      text += static_cast<char>(code);
    }
    i = begin + length - 1;
  }
  return text;
}

std::string FormatNumber(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, end);
}

std::string FormatWithoutExponent(double value) {
  if (!std::isfinite(value)) return NameOf(value);
  const Digits digits = ShortestDigits(value);
  const std::string sign = std::signbit(value) ? "-" : "";
  const auto count = static_cast<int>(digits.digits.size());
  if (digits.exponent < 0) {
    const auto zeros = static_cast<size_t>(-digits.exponent - 1);
    return absl::StrCat(sign, "0.", std::string(zeros, '0'), digits.digits);
  }
  if (count <= digits.exponent + 1) {
    const auto zeros = static_cast<size_t>(digits.exponent + 1 - count);
    return absl::StrCat(sign, digits.digits, std::string(zeros, '0'));
  }
  const auto whole = static_cast<size_t>(digits.exponent) + 1;
  return absl::StrCat(sign, digits.digits.substr(0, whole), ".", digits.digits.substr(whole));
}

std::string FormatCompact(double value) {
  if (!std::isfinite(value)) return NameOf(value);
  constexpr int kExponentMin = -4;
  constexpr int kExponentMax = 5;
  const int exponent = ShortestDigits(value).exponent;
  if (exponent >= kExponentMin && exponent <= kExponentMax) return FormatWithoutExponent(value);
  char buffer[64];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  return std::string(buffer, end);
}

std::string FormatDurationMillis(int64_t millis) {
  if (millis == 0) return "0s";
  std::string text = millis < 0 ? "-" : "";
  uint64_t left = millis < 0 ? -static_cast<uint64_t>(millis) : static_cast<uint64_t>(millis);
  for (const Unit& unit : kUnits) {
    const auto size = static_cast<uint64_t>(unit.millis);
    if (left < size || (unit.exact_only && left % size != 0)) continue;
    absl::StrAppend(&text, left / size, unit.name);
    left %= size;
  }
  return text;
}

size_t CharacterLength(absl::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Longer than need be, a surrogate, or past the last code point.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0)) return 0;
  if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90)) return 0;
  return length;
}

std::string Quote(absl::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const size_t length = CharacterLength(text);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (length == 0 || absl::ascii_iscntrl(c)) {
      quoted += "\\x";
      quoted += kHex[static_cast<unsigned char>(c) >> 4];
      quoted += kHex[c & 15];
    } else {
      quoted.append(text.data(), length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return quoted + '"';
}

bool IsPlainMetricName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != ':') return false;
  }
  return true;
}

bool IsReservedWord(absl::string_view word) {
  for (const absl::string_view reserved :
       {"inf", "nan", "bool", "on", "ignoring", "group_left", "group_right", "atan2"}) {
    if (absl::EqualsIgnoreCase(word, reserved)) return true;
  }
  return false;
}

bool IsPlainLabelName(absl::string_view name) {
  return IsPlainMetricName(name) && !absl::StrContains(name, ':');
}

}  // namespace ora::promql
