#include "tests/promql/at_times.h"

#include <algorithm>
#include <array>

#include "aggregator/promql/parser/printer.h"

namespace ora::promql {
namespace {

constexpr std::array<absl::string_view, 11> kDependOnTime = {
    "time",         "timestamp",   "predict_linear", "minute", "hour", "day_of_week",
    "day_of_month", "day_of_year", "days_in_month",  "month",  "year"};

bool DependsOnTime(const Expr& expr) {
  const auto* call = std::get_if<Call>(&expr.node);
  return call != nullptr && std::find(kDependOnTime.begin(), kDependOnTime.end(),
                                      call->function->name) != kDependOnTime.end();
}

TimeShift* ShiftOf(Expr& expr) {
  if (auto* selector = std::get_if<VectorSelector>(&expr.node)) return &selector->shift;
  if (auto* range = std::get_if<RangeSelector>(&expr.node)) return &range->selector.shift;
  if (auto* subquery = std::get_if<Subquery>(&expr.node)) return &subquery->shift;
  return nullptr;
}

// Whether the whole could be fixed at `time_millis`.
bool SetTimes(Expr& expr, int64_t time_millis) {
  if (DependsOnTime(expr)) return false;
  if (TimeShift* shift = ShiftOf(expr)) {
    const bool has_time = shift->at && shift->at->kind == AtTime::Kind::kTime;
    if (!has_time) shift->at = AtTime{AtTime::Kind::kTime, time_millis};
    return true;  // What is below a subquery is now at the subquery's time.
  }
  for (Expr* child : Children(expr)) {
    if (!SetTimes(*child, time_millis)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> PrintAtTime(Expr& expr, int64_t time_millis) {
  if (!SetTimes(expr, time_millis)) return std::nullopt;
  return Print(expr);
}

}  // namespace ora::promql
