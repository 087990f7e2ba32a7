#include "aggregator/promql/eval/instant_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <set>
#include <utility>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace ora::promql {
namespace {

using Mathematics = double (*)(double);

struct MathematicsRule {
  absl::string_view name;
  Mathematics compute;
};

double Sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

constexpr MathematicsRule kMathematics[] = {
    {"abs", [](double x) { return std::fabs(x); }},
    {"ceil", [](double x) { return std::ceil(x); }},
    {"floor", [](double x) { return std::floor(x); }},
    {"exp", [](double x) { return std::exp(x); }},
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"ln", [](double x) { return std::log(x); }},
    {"log2", [](double x) { return std::log2(x); }},
    {"log10", [](double x) { return std::log10(x); }},
    {"sgn", Sign},
    {"sin", [](double x) { return std::sin(x); }},
    {"cos", [](double x) { return std::cos(x); }},
    {"tan", [](double x) { return std::tan(x); }},
    {"asin", [](double x) { return std::asin(x); }},
    {"acos", [](double x) { return std::acos(x); }},
    {"atan", [](double x) { return std::atan(x); }},
    {"sinh", [](double x) { return std::sinh(x); }},
    {"cosh", [](double x) { return std::cosh(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"asinh", [](double x) { return std::asinh(x); }},
    {"acosh", [](double x) { return std::acosh(x); }},
    {"atanh", [](double x) { return std::atanh(x); }},
    {"rad", [](double x) { return x * std::numbers::pi / 180; }},
    {"deg", [](double x) { return x * 180 / std::numbers::pi; }},
};

using Calendar = int64_t (*)(absl::CivilSecond);

struct CalendarRule {
  absl::string_view name;
  Calendar compute;
};

int64_t DaysInMonth(absl::CivilSecond t) {
  const absl::CivilMonth month(t);
  return absl::CivilDay(month + 1) - absl::CivilDay(month);
}

// Monday is 0 for Abseil, Sunday for PromQL.
int64_t DayOfWeek(absl::CivilSecond t) {
  return (static_cast<int64_t>(absl::GetWeekday(t)) + 1) % 7;
}

constexpr CalendarRule kCalendar[] = {
    {"minute", [](absl::CivilSecond t) { return int64_t{t.minute()}; }},
    {"hour", [](absl::CivilSecond t) { return int64_t{t.hour()}; }},
    {"day_of_week", DayOfWeek},
    {"day_of_month", [](absl::CivilSecond t) { return int64_t{t.day()}; }},
    {"day_of_year", [](absl::CivilSecond t) { return int64_t{absl::GetYearDay(t)}; }},
    {"days_in_month", DaysInMonth},
    {"month", [](absl::CivilSecond t) { return int64_t{t.month()}; }},
    {"year", [](absl::CivilSecond t) { return int64_t{t.year()}; }},
};

double ComputeCalendar(Calendar compute, double value) {
  // Past these even a year has no meaning, and Abseil's time is infinite.
  constexpr double kSecondsMax = 1e15;
  if (!(std::fabs(value) < kSecondsMax)) return std::numeric_limits<double>::quiet_NaN();
  const absl::Time time = absl::FromUnixSeconds(static_cast<int64_t>(value));
  return static_cast<double>(compute(absl::ToCivilSecond(time, absl::UTCTimeZone())));
}

template <typename Compute>
void ForEachValue(VectorGrid& vector, Compute compute) {
  for (GridSeries& series : vector) {
    series.present.ForEach(
        [&](size_t step) { series.values[step] = compute(series.values[step], step); });
  }
}

// As Go's: an infinity on the side asked for wins even over NaN, which wins over all else.
double GoMax(double a, double b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (a == kInfinity || b == kInfinity) return kInfinity;
  return std::isnan(a) || std::isnan(b) ? std::numeric_limits<double>::quiet_NaN() : std::max(a, b);
}

double GoMin(double a, double b) { return -GoMax(-a, -b); }

VectorGrid Clamp(VectorGrid vector, const ScalarGrid& min, const ScalarGrid& max) {
  StepBits possible(min.size());
  for (size_t step = 0; step < min.size(); ++step) {
    if (!(max[step] < min[step])) possible.Set(step);
  }
  for (GridSeries& series : vector) series.present.Keep(possible);
  ForEachValue(
      vector, [&](double value, size_t step) { return GoMax(min[step], GoMin(max[step], value)); });
  return vector;
}

VectorGrid Round(VectorGrid vector, const ScalarGrid* to) {
  ForEachValue(vector, [&](double value, size_t step) {
    // In this form halves go up, and 0.1 has no rounding error of its own.
    const double inverse = 1.0 / (to == nullptr ? 1.0 : (*to)[step]);
    return std::floor(value * inverse + 0.5) / inverse;
  });
  return vector;
}

const MathematicsRule* FindMathematics(absl::string_view name) {
  for (const MathematicsRule& rule : kMathematics) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

const CalendarRule* FindCalendar(absl::string_view name) {
  for (const CalendarRule& rule : kCalendar) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

}  // namespace

bool IsInstantFunction(absl::string_view function) {
  return FindMathematics(function) != nullptr || FindCalendar(function) != nullptr ||
         function == "clamp" || function == "clamp_min" || function == "clamp_max" ||
         function == "round";
}

VectorGrid ApplyInstantFunction(absl::string_view function, VectorGrid vector,
                                const std::vector<ScalarGrid>& scalars) {
  if (const MathematicsRule* rule = FindMathematics(function)) {
    ForEachValue(vector, [rule](double value, size_t) { return rule->compute(value); });
    return vector;
  }
  if (const CalendarRule* rule = FindCalendar(function)) {
    ForEachValue(vector,
                 [rule](double value, size_t) { return ComputeCalendar(rule->compute, value); });
    return vector;
  }
  if (function == "clamp") return Clamp(std::move(vector), scalars[0], scalars[1]);
  if (function == "clamp_min") {
    ForEachValue(vector, [&](double value, size_t step) { return GoMax(scalars[0][step], value); });
    return vector;
  }
  if (function == "clamp_max") {
    ForEachValue(vector, [&](double value, size_t step) { return GoMin(scalars[0][step], value); });
    return vector;
  }
  return Round(std::move(vector), scalars.empty() ? nullptr : scalars.data());
}

storage::Labels LabelsOfAbsent(const Expr& argument) {
  storage::Labels labels;
  const Expr& inner = WithoutParentheses(argument);
  const VectorSelector* selector = std::get_if<VectorSelector>(&inner.node);
  if (const auto* range = std::get_if<RangeSelector>(&inner.node)) selector = &range->selector;
  if (selector == nullptr) return labels;
  std::set<std::string> seen;
  for (const storage::Matcher& matcher : selector->matchers) {
    if (matcher.name() == storage::kMetricNameLabel) continue;
    if (matcher.type() == storage::MatchType::kEqual && seen.insert(matcher.name()).second) {
      labels.Set(matcher.name(), matcher.value());
    } else {
      labels.Remove(matcher.name());
    }
  }
  return labels;
}

VectorGrid SortByValue(VectorGrid vector, SortOrder order) {
  std::stable_sort(vector.begin(), vector.end(), [order](const auto& a, const auto& b) {
    const double x = a.values[0];
    const double y = b.values[0];
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
    return order == SortOrder::kAscending ? x < y : x > y;
  });
  return vector;
}

}  // namespace ora::promql
