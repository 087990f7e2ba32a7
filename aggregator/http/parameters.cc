#include "aggregator/http/parameters.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "aggregator/http/envelope.h"
#include "aggregator/promql/engine.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/contract/limits.h"

namespace ora::aggregator {
namespace {

constexpr double kMillisPerSecond = 1'000;
constexpr double kDurationSecondsMax = 9'223'372'036;  // 2^63 ns, as Go counts them.
constexpr int64_t kTimeMillisMin = -62'135'596'800'000;
constexpr int64_t kTimeMillisMax = 253'402'300'799'999;

int64_t RoundedMillis(double seconds) {
  const double millis = std::round(seconds * kMillisPerSecond);
  return static_cast<int64_t>(
      std::clamp(millis, static_cast<double>(kTimeMillisMin), static_cast<double>(kTimeMillisMax)));
}

// A number as Go reads one, but not in hexadecimal: no blanks around it, `_` between digits, none
// that is too large. NaN is none here.
absl::optional<double> ParseNumber(absl::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return !absl::ascii_isspace(static_cast<unsigned char>(c)) && c != 'x' && c != 'X';
  });
  double number = 0;
  if (!plain || !absl::SimpleAtod(absl::StrReplaceAll(text, {{"_", ""}}), &number) ||
      std::isnan(number)) {
    return absl::nullopt;
  }
  const bool has_digits = text.find_first_of("0123456789") != absl::string_view::npos;
  if (std::isinf(number) && has_digits) return absl::nullopt;
  return number;
}

absl::optional<int64_t> ParseTimeMillis(const std::string& text) {
  const absl::optional<double> seconds = ParseNumber(text);
  if (seconds.has_value()) return RoundedMillis(*seconds);
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error) || time == absl::InfinitePast() ||
      time == absl::InfiniteFuture()) {
    return absl::nullopt;
  }
  return std::clamp(absl::ToUnixMillis(time), kTimeMillisMin, kTimeMillisMax);
}

}  // namespace

const std::string& Parameters::Get(absl::string_view name) const {
  static const std::string& kNone = *new std::string();
  const auto found =
      std::find_if(parameters_.begin(), parameters_.end(),
                   [name](const HttpParameter& parameter) { return parameter.name == name; });
  return found == parameters_.end() ? kNone : found->value;
}

std::vector<std::string> Parameters::All(absl::string_view name) const {
  std::vector<std::string> values;
  for (const HttpParameter& parameter : parameters_) {
    if (parameter.name == name) values.push_back(parameter.value);
  }
  return values;
}

absl::StatusOr<absl::optional<int64_t>> Parameters::TimeMillis(absl::string_view name) const {
  const std::string& text = Get(name);
  if (text.empty()) return absl::optional<int64_t>();
  const absl::optional<int64_t> time = ParseTimeMillis(text);
  if (time.has_value()) return time;
  return InvalidParameter(name, absl::StrCat("Invalid time value for '", name, "': cannot parse \"",
                                             text, "\" to a valid timestamp"));
}

absl::StatusOr<int64_t> Parameters::RequiredTimeMillis(absl::string_view name) const {
  const std::string& text = Get(name);
  const absl::optional<int64_t> time = ParseTimeMillis(text);
  if (time.has_value()) return *time;
  return InvalidParameter(name, absl::StrCat("cannot parse \"", text, "\" to a valid timestamp"));
}

absl::StatusOr<absl::optional<int64_t>> Parameters::DurationMillis(absl::string_view name) const {
  const std::string& text = Get(name);
  if (text.empty()) return absl::optional<int64_t>();
  const absl::optional<double> seconds = ParseNumber(text);
  if (seconds.has_value() && std::abs(*seconds) > kDurationSecondsMax) {
    return InvalidParameter(
        name, absl::StrCat("cannot parse \"", text, "\" to a valid duration. It overflows int64"));
  }
  if (seconds.has_value()) return absl::optional<int64_t>(RoundedMillis(*seconds));
  const absl::StatusOr<int64_t> millis = promql::ParseDurationMillis(text);
  if (millis.ok()) return absl::optional<int64_t>(*millis);
  return InvalidParameter(name, absl::StrCat("cannot parse \"", text, "\" to a valid duration"));
}

absl::StatusOr<size_t> Parameters::Limit(absl::string_view name) const {
  const std::string& text = Get(name);
  if (text.empty()) return size_t{0};
  int64_t limit = 0;
  if (!absl::SimpleAtoi(text, &limit)) {
    return InvalidParameter(name, absl::StrCat("cannot parse \"", text, "\" to a whole number"));
  }
  if (limit < 0) return InvalidParameter(name, "limit must be non-negative");
  return static_cast<size_t>(limit);
}

absl::StatusOr<std::vector<std::vector<storage::Matcher>>> Parameters::Selectors() const {
  constexpr absl::string_view kName = "match[]";
  constexpr absl::string_view kNonEmptyMatcher = "at least one non-empty matcher";
  std::vector<std::vector<storage::Matcher>> selectors;
  const std::vector<std::string> texts = All(kName);
  if (texts.size() > contract::kSelectorsMax) {
    return InvalidParameter(kName, absl::StrCat("there are ", texts.size(), "; send at most ",
                                                contract::kSelectorsMax));
  }
  for (const std::string& text : texts) {
    absl::StatusOr<std::vector<storage::Matcher>> matchers = promql::ParseSelector(text);
    if (!matchers.ok()) {
      const absl::string_view message(matchers.status().message().data(),
                                      matchers.status().message().size());
      return InvalidParameter(kName, absl::StrContains(message, kNonEmptyMatcher)
                                         ? absl::StrCat(kName, " must contain ", kNonEmptyMatcher)
                                         : std::string(message));
    }
    selectors.push_back(*std::move(matchers));
  }
  return selectors;
}

}  // namespace ora::aggregator
