#include "proto/yaml/yaml_scalars.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ora::yaml {
namespace {

struct SizeUnit {
  absl::string_view name;
  double bytes;
};

constexpr SizeUnit kSizeUnits[] = {
    {"", 1},
    {"B", 1},
    {"KiB", 1024.0},
    {"MiB", 1024.0 * 1024},
    {"GiB", 1024.0 * 1024 * 1024},
    {"TiB", 1024.0 * 1024 * 1024 * 1024},
    {"kB", 1e3},
    {"KB", 1e3},
    {"MB", 1e6},
    {"GB", 1e9},
    {"TB", 1e12},
};

constexpr double kSizeMax = 9.0e18;
constexpr int64_t kDaysMax = 3'650'000;

absl::Status Unexpected(absl::string_view text, absl::string_view expected) {
  constexpr size_t kShown = 100;
  const absl::string_view shown = text.substr(0, kShown);
  return absl::InvalidArgumentError(absl::StrCat("`", shown, "` is no ", expected));
}

bool IsPlainNumber(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == absl::string_view::npos;
}

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// Bytes of the UTF-8 sequence at the start of `text`; 0 if there is none.
size_t SequenceLength(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) > 0x9F;
  const bool past_the_last = lead == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || past_the_last ? 0 : length;
}

}  // namespace

absl::StatusOr<bool> ParseBool(absl::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Unexpected(text, "boolean; write true or false");
}

absl::StatusOr<double> ParseNumber(absl::string_view text) {
  double value = 0;
  if (!absl::SimpleAtod(text, &value) || !std::isfinite(value)) {
    return Unexpected(text, "number");
  }
  return value;
}

absl::StatusOr<int64_t> ParseSigned(absl::string_view text) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) return Unexpected(text, "whole number of 64 bits");
  return value;
}

absl::StatusOr<uint64_t> ParseUnsigned(absl::string_view text) {
  uint64_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) {
    return Unexpected(text, "whole number of 64 bits, 0 or more");
  }
  return value;
}

absl::StatusOr<uint64_t> ParseSize(absl::string_view text) {
  uint64_t whole = 0;
  if (absl::SimpleAtoi(text, &whole)) return whole;
  const size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const absl::string_view number = text.substr(0, end);
  const absl::string_view unit = absl::StripLeadingAsciiWhitespace(text.substr(end));
  double value = 0;
  for (const SizeUnit& known : kSizeUnits) {
    if (known.name != unit) continue;
    if (!IsPlainNumber(number) || !absl::SimpleAtod(number, &value)) break;
    const double bytes = std::round(value * known.bytes);
    if (bytes > kSizeMax) break;
    return static_cast<uint64_t>(bytes);
  }
  return Unexpected(text, "size; write bytes, or a number with KiB, MiB, GiB, kB, MB or GB");
}

absl::StatusOr<absl::Duration> ParseDurationText(absl::string_view text) {
  absl::string_view rest = text;
  absl::Duration days = absl::ZeroDuration();
  const size_t day_mark = text.find('d');
  if (day_mark != absl::string_view::npos) {
    int64_t count = 0;
    const absl::string_view digits = text.substr(0, day_mark);
    const bool plain = IsPlainNumber(digits) && absl::SimpleAtoi(digits, &count);
    if (!plain || count > kDaysMax) {
      return Unexpected(text, "duration; write it as 10s, 1h30m, 500ms or 30d");
    }
    days = count * absl::Hours(24);
    rest = text.substr(day_mark + 1);
  }
  absl::Duration value = absl::ZeroDuration();
  const bool only_days = day_mark != absl::string_view::npos && rest.empty();
  if (!only_days && !absl::ParseDuration(rest, &value)) {
    return Unexpected(text, "duration; write it as 10s, 1h30m, 500ms or 30d");
  }
  if (absl::AbsDuration(value) > kDaysMax * absl::Hours(24)) {
    return Unexpected(text, "duration of at most 10,000 years");
  }
  return days + value;
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string Suggest(absl::string_view word, const std::vector<std::string>& candidates) {
  constexpr size_t kWordBytesMax = 64;
  if (word.size() > kWordBytesMax) return "";
  size_t nearest = std::max<size_t>(1, word.size() / 3) + 1;
  std::string suggestion;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(absl::AsciiStrToLower(word), candidate);
    if (distance < nearest) {
      nearest = distance;
      suggestion = candidate;
    }
  }
  return suggestion;
}

}  // namespace ora::yaml
