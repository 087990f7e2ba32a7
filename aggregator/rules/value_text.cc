#include "aggregator/rules/value_text.h"

#include <charconv>
#include <cmath>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ora::aggregator {
namespace {

constexpr absl::string_view kLarge[] = {"", "k", "M", "G", "T", "P", "E", "Z", "Y"};
constexpr absl::string_view kSmall[] = {"", "m", "u", "n", "p", "f", "a", "z", "y"};
constexpr absl::string_view kBinary[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};

std::string FourDigits(double value) { return absl::StrFormat("%.4g", value); }

std::string Bytes(double bytes) {
  size_t power = 0;
  while (std::fabs(bytes) >= 1024 && power + 1 < std::size(kBinary)) {
    bytes /= 1024;
    ++power;
  }
  if (power == 0) return absl::StrCat(PlainNumber(bytes), " B");
  return absl::StrCat(FixedNumber(bytes, 2), " ", kBinary[power], "B");
}

}  // namespace

std::string PlainNumber(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[64];
  const std::to_chars_result end = std::to_chars(std::begin(text), std::end(text), value);
  return std::string(text, end.ptr);
}

std::string FixedNumber(double value, int digits) {
  if (!std::isfinite(value)) return PlainNumber(value);
  return absl::StrFormat("%.*f", digits, value);
}

std::string ValueWithUnit(double value, absl::string_view unit) {
  if (!std::isfinite(value)) return PlainNumber(value);
  if (unit == "percent") return absl::StrCat(FixedNumber(value, 2), " %");
  if (unit == "seconds") return absl::StrCat(FixedNumber(value, 2), " s");
  if (unit == "ratio") return FixedNumber(value, 2);
  if (unit == "bytes") return Bytes(value);
  if (unit.empty()) return PlainNumber(value);
  return absl::StrCat(PlainNumber(value), " ", unit);
}

std::string Humanize(double value) {
  if (value == 0 || !std::isfinite(value)) return PlainNumber(value);
  size_t power = 0;
  if (std::fabs(value) >= 1) {
    while (std::fabs(value) >= 1000 && power + 1 < std::size(kLarge)) {
      value /= 1000;
      ++power;
    }
    return absl::StrCat(FourDigits(value), kLarge[power]);
  }
  while (std::fabs(value) < 1 && power + 1 < std::size(kSmall)) {
    value *= 1000;
    ++power;
  }
  return absl::StrCat(FourDigits(value), kSmall[power]);
}

std::string Humanize1024(double value) {
  if (std::fabs(value) <= 1 || !std::isfinite(value)) return FourDigits(value);
  size_t power = 0;
  while (std::fabs(value) >= 1024 && power + 1 < std::size(kBinary)) {
    value /= 1024;
    ++power;
  }
  return absl::StrCat(FourDigits(value), kBinary[power]);
}

std::string HumanizePercentage(double ratio) { return absl::StrCat(FourDigits(ratio * 100), "%"); }

std::string HumanizeDuration(double seconds) {
  constexpr double kSecondsMax = 1e15;  // Past it whole seconds are no longer exact.
  if (!std::isfinite(seconds) || std::fabs(seconds) > kSecondsMax) return PlainNumber(seconds);
  if (seconds == 0) return "0s";
  if (std::fabs(seconds) < 1) return absl::StrCat(Humanize(seconds), "s");
  const absl::string_view sign = seconds < 0 ? "-" : "";
  const double magnitude = std::fabs(seconds);
  if (magnitude < 60) return absl::StrCat(sign, FourDigits(magnitude), "s");
  const int64_t whole = static_cast<int64_t>(magnitude);
  const int64_t days = whole / 86'400, hours = whole / 3'600 % 24, minutes = whole / 60 % 60;
  std::string text(sign);
  if (days > 0) absl::StrAppend(&text, days, "d ");
  if (days > 0 || hours > 0) absl::StrAppend(&text, hours, "h ");
  absl::StrAppend(&text, minutes, "m ", whole % 60, "s");
  return text;
}

}  // namespace ora::aggregator
