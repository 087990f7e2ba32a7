#include "cli/render/units.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ora::cli {
namespace {

// Where Go's strconv, and so Prometheus, turns to an exponent.
constexpr int kExponentMin = -6;
constexpr int kExponentMax = 21;

std::string NotFinite(double number) {
  if (std::isnan(number)) return "NaN";
  return number > 0 ? "+Inf" : "-Inf";
}

// `digits` with the point after the first, times ten to the `exponent`, without an exponent.
std::string PlainDecimal(absl::string_view digits, int exponent) {
  if (exponent < 0) return absl::StrCat("0.", std::string(-exponent - 1, '0'), digits);
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (whole >= digits.size()) return absl::StrCat(digits, std::string(whole - digits.size(), '0'));
  return absl::StrCat(digits.substr(0, whole), ".", digits.substr(whole));
}

// `value` with one unit of the scale: one decimal below 100.
std::string Scaled(double value, absl::string_view unit) {
  return std::round(value * 10) < 1000 ? absl::StrFormat("%.1f %s", value, unit)
                                       : absl::StrFormat("%.0f %s", value, unit);
}

}  // namespace

std::string HumanBytes(double bytes) {
  if (!std::isfinite(bytes)) return NotFinite(bytes);
  if (std::abs(bytes) < 999.5) return absl::StrFormat("%.0f B", bytes);
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  size_t unit = 0;
  double value = bytes / 1000;
  while (std::abs(value) >= 999.5 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return Scaled(value, kUnits[unit]);
}

std::string HumanCount(uint64_t count) {
  std::string digits = absl::StrCat(count);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string HumanDuration(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) return absl::StrCat("-", HumanDuration(-duration));
  if (duration == absl::InfiniteDuration()) return "forever";
  if (duration < absl::Seconds(1)) {
    const int64_t millis = absl::ToInt64Milliseconds(duration);
    return millis == 0 ? "0s" : absl::StrCat(millis, "ms");
  }
  struct Unit {
    absl::Duration length;
    const char* name;
  };
  const Unit units[] = {{absl::Hours(24), "d"},
                        {absl::Hours(1), "h"},
                        {absl::Minutes(1), "m"},
                        {absl::Seconds(1), "s"}};
  for (size_t i = 0; i < std::size(units); ++i) {
    if (duration < units[i].length) continue;
    std::string text = absl::StrCat(duration / units[i].length, units[i].name);
    const absl::Duration rest = duration % units[i].length;
    if (i + 1 < std::size(units) && rest >= units[i + 1].length) {
      absl::StrAppend(&text, " ", rest / units[i + 1].length, units[i + 1].name);
    }
    return text;
  }
  return "0s";
}

std::string HumanAge(absl::Time time, absl::Time now) {
  const absl::Duration age = now - time;
  if (absl::AbsDuration(age) < absl::Seconds(1)) return "now";
  if (age < absl::ZeroDuration()) return absl::StrCat("in ", HumanDuration(-age));
  return absl::StrCat(HumanDuration(age), " ago");
}

std::string HumanInstant(const google::protobuf::Timestamp& timestamp, absl::Time now) {
  if (timestamp.seconds() == 0 && timestamp.nanos() == 0) return "";
  const absl::Time time = ToTime(timestamp);
  return absl::StrCat(ExactTime(time), " (", HumanAge(time, now), ")");
}

std::string HumanSeconds(double seconds) {
  if (!std::isfinite(seconds)) return NotFinite(seconds);
  const double size = std::abs(seconds);
  if (size == 0) return "0 s";
  if (size < 0.0009995) return absl::StrFormat("%.0f us", seconds * 1e6);
  if (size < 0.9995) return absl::StrFormat("%.0f ms", seconds * 1e3);
  if (size < 99.995) return absl::StrFormat("%.2f s", seconds);
  return HumanDuration(absl::Seconds(seconds));
}

std::string HumanPercent(double percent) {
  if (!std::isfinite(percent)) return NotFinite(percent);
  return absl::StrFormat("%.2f %%", percent);
}

std::string HumanNumber(double number) {
  if (!std::isfinite(number)) return NotFinite(number);
  if (std::abs(number) < 1e15 && number == std::floor(number)) return ExactNumber(number);
  return absl::StrFormat("%.6g", number);
}

std::string HumanValue(double value, absl::string_view unit) {
  if (unit == "percent") return HumanPercent(value);
  if (unit == "ratio") return HumanPercent(value * 100);
  if (unit == "seconds") return HumanSeconds(value);
  if (unit == "bytes") return HumanBytes(value);
  if (unit.empty()) return HumanNumber(value);
  return absl::StrCat(HumanNumber(value), " ", unit);
}

std::string ExactNumber(double number) {
  if (!std::isfinite(number)) return NotFinite(number);
  if (number == 0) return std::signbit(number) ? "-0" : "0";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::abs(number),
                                 std::chars_format::scientific);
  const absl::string_view text(buffer, end.ptr - buffer);
  const size_t mark = text.find('e');
  std::string digits(text.substr(0, 1));
  if (mark > 2) absl::StrAppend(&digits, text.substr(2, mark - 2));
  int exponent = 0;
  // SimpleAtoi takes the sign and leading zeros that to_chars writes.
  if (!absl::SimpleAtoi(text.substr(mark + 1), &exponent)) std::abort();
  const absl::string_view sign = number < 0 ? "-" : "";
  if (exponent < kExponentMin || exponent >= kExponentMax) return absl::StrCat(sign, text);
  return absl::StrCat(sign, PlainDecimal(digits, exponent));
}

std::string ExactUnixSeconds(int64_t time_millis) {
  const int64_t rest = time_millis % 1000;
  if (rest == 0) return absl::StrCat(time_millis / 1000);
  const char* sign = time_millis < 0 ? "-" : "";
  return absl::StrFormat("%s%d.%03d", sign, std::abs(time_millis / 1000), std::abs(rest));
}

std::string ExactTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

}  // namespace ora::cli
