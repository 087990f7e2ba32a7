#include "cli/time_words.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/status/status_macros.h"

namespace ora::cli {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kDurationMax = absl::Hours(24 * 36'525);
// The years 0001 to 9999, which Timestamp holds.
constexpr int64_t kUnixSecondsMin = -62'135'596'800;
constexpr int64_t kUnixSecondsMax = 253'402'300'799;

absl::Status NoDuration(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("`", text, "` is no duration; say for example 30s, 10m, 1h30m or 2d"));
}

absl::Status NoTime(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "`", text,
      "` is no time; say for example now, now-1h, -1h, 2026-11-23T06:00:00Z or unix seconds"));
}

// A number of plain digits with at most one point; SimpleAtod would take `inf` and exponents.
bool IsPlainNumber(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == absl::string_view::npos &&
         absl::ascii_isdigit(text.front());
}

// The length of one unit, or zero if there is no such unit.
absl::Duration UnitLength(absl::string_view unit) {
  if (unit == "ms") return absl::Milliseconds(1);
  if (unit == "s") return absl::Seconds(1);
  if (unit == "m") return absl::Minutes(1);
  if (unit == "h") return absl::Hours(1);
  if (unit == "d") return kDay;
  if (unit == "w") return 7 * kDay;
  if (unit == "y") return 365 * kDay;
  return absl::ZeroDuration();
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  double number = 0;
  absl::Duration total;
  absl::string_view rest = text;
  if (IsPlainNumber(text) && absl::SimpleAtod(text, &number)) {
    total = absl::Seconds(number);
    rest = "";
  } else if (rest.empty()) {
    return NoDuration(text);
  }
  while (!rest.empty()) {
    const size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const absl::string_view count = rest.substr(0, digits);
    rest.remove_prefix(digits);
    const size_t letters = std::min(rest.find_first_of("0123456789."), rest.size());
    const absl::Duration unit = UnitLength(rest.substr(0, letters));
    rest.remove_prefix(letters);
    if (!IsPlainNumber(count) || !absl::SimpleAtod(count, &number) ||
        unit == absl::ZeroDuration()) {
      return NoDuration(text);
    }
    total += number * unit;
  }
  if (total > kDurationMax) {
    return absl::InvalidArgumentError(absl::StrCat("`", text, "` is longer than 100 years"));
  }
  return total;
}

absl::StatusOr<absl::Time> ParseTime(absl::string_view text, absl::Time now) {
  absl::string_view rest = text;
  const bool names_now = absl::ConsumePrefix(&rest, "now");
  if (names_now && rest.empty()) return now;
  if (absl::ConsumePrefix(&rest, "-")) {
    absl::StatusOr<absl::Duration> back = ParseDuration(rest);
    return back.ok() ? absl::StatusOr<absl::Time>(now - *back) : NoTime(text);
  }
  if (names_now) {
    if (!absl::ConsumePrefix(&rest, "+")) return NoTime(text);
    absl::StatusOr<absl::Duration> ahead = ParseDuration(rest);
    return ahead.ok() ? absl::StatusOr<absl::Time>(now + *ahead) : NoTime(text);
  }
  double seconds = 0;
  if (IsPlainNumber(text) && absl::SimpleAtod(text, &seconds)) {
    if (seconds > static_cast<double>(kUnixSecondsMax)) return NoTime(text);
    // Through milliseconds, so that 1.1 is not 1.100000000000000088.
    return absl::FromUnixMillis(std::llround(seconds * 1000));
  }
  // Abseil would take `infinite-past` and blanks in front.
  if (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text.front()))) {
    return NoTime(text);
  }
  absl::Time time;
  std::string error;
  const bool is_read = absl::ParseTime(absl::RFC3339_full, text, &time, &error) ||
                       absl::ParseTime("%Y-%m-%d", text, &time, &error);
  // It also takes years that Timestamp has not.
  if (is_read && time >= absl::FromUnixSeconds(kUnixSecondsMin) &&
      time <= absl::FromUnixSeconds(kUnixSecondsMax)) {
    return time;
  }
  return NoTime(text);
}

}  // namespace ora::cli
