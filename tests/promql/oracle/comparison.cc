#include "tests/promql/oracle/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "aggregator/promql/parser/literals.h"
#include "aggregator/promql/parser/parser.h"
#include "aggregator/promql/parser/printer.h"
#include "tests/fakes/memory_series.h"

namespace ora::promql::oracle {
namespace {

using Times = std::map<int64_t, double>;
using Points = std::map<storage::Labels, Times>;

bool Close(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  constexpr double kTolerance = 1e-7;
  return std::fabs(a - b) <= kTolerance * std::max({1.0, std::fabs(a), std::fabs(b)});
}

std::string Compare(const Points& expected, const Points& actual) {
  for (const auto& [labels, times] : expected) {
    const auto found = actual.find(labels);
    if (found == actual.end()) return absl::StrCat(labels.ToString(), " is missing");
    for (const auto& [time, value] : times) {
      const auto point = found->second.find(time);
      if (point == found->second.end()) {
        return absl::StrCat(labels.ToString(), " has no value at ", time);
      }
      if (!Close(point->second, value)) {
        return absl::StrCat(labels.ToString(), " at ", time, " is ", FormatNumber(point->second),
                            ", the oracle says ", FormatNumber(value));
      }
    }
    if (times.size() != found->second.size()) {
      return absl::StrCat(labels.ToString(), " has ", found->second.size(),
                          " values, the oracle has ", times.size());
    }
  }
  for (const auto& [labels, times] : actual) {
    if (expected.count(labels) == 0) return labels.ToString() + " is too much";
  }
  return "";
}

void Add(const Result& result, int64_t time, Points& points) {
  if (const auto* scalar = std::get_if<double>(&result)) {
    points[storage::Labels()][time] = *scalar;
  } else if (const auto* vector = std::get_if<Vector>(&result)) {
    for (const Element& element : *vector) points[element.labels][time] = element.value;
  }
}

Points PointsOf(const Value& value) {
  Points points;
  if (const auto* scalar = std::get_if<ScalarValue>(&value)) {
    points[storage::Labels()][scalar->time_millis] = scalar->value;
  } else if (const auto* vector = std::get_if<InstantVector>(&value)) {
    for (const InstantSample& sample : *vector) {
      points[sample.labels][sample.time_millis] = sample.value;
    }
  } else if (const auto* matrix = std::get_if<Matrix>(&value)) {
    for (const RangeSeries& series : *matrix) {
      for (size_t i = 0; i < series.samples.size(); ++i) {
        points[series.labels][series.samples.time_millis[i]] = series.samples.values[i];
      }
    }
  }
  return points;
}

bool HasSubquery(const Expr& expr) {
  if (std::holds_alternative<Subquery>(expr.node)) return true;
  const std::vector<const Expr*> children = Children(expr);
  return std::any_of(children.begin(), children.end(),
                     [](const Expr* child) { return HasSubquery(*child); });
}

// Over several steps, a subquery's among them, the engine may fail where no step alone does: labels
// are the same at different steps, or a subquery fails at a time that lies in no window.
bool MayFail(const Expr& expr, const QuerySteps& steps, const absl::Status& status) {
  const bool one_step = steps.start_millis == steps.end_millis;
  const bool same_labels = absl::StrContains(status.message(), "same labelset");
  return one_step ? same_labels && HasSubquery(expr) : same_labels || HasSubquery(expr);
}

std::string CompareRun(const RandomQuery& query, const Expr& expr, const QuerySteps& steps,
                       const absl::StatusOr<QueryResult>& actual) {
  Settings settings;
  settings.name_removal = query.name_removal;
  settings.query = {steps.start_millis, steps.end_millis};
  const Oracle oracle(query.series, settings);
  Points expected;
  for (int64_t time = steps.start_millis; time <= steps.end_millis; time += steps.step_millis) {
    const absl::StatusOr<Result> result = oracle.Evaluate(expr, time);
    if (result.ok()) {
      Add(*result, time, expected);
      continue;
    }
    return actual.ok() ? absl::StrCat("the oracle fails at ", time, ": ",
                                      std::string(result.status().message()))
                       : "";
  }
  if (actual.ok()) return Compare(expected, PointsOf(actual->value));
  if (MayFail(expr, steps, actual.status())) return "";
  return absl::StrCat("fails: ", std::string(actual.status().message()));
}

}  // namespace

std::string Difference(const RandomQuery& query) {
  const absl::StatusOr<ExprPtr> expr = ParseExpression(query.expression);
  if (!expr.ok()) {
    return absl::StrCat("does not parse: ", std::string(expr.status().message()));
  }
  const std::string printed = Print(**expr);
  const absl::StatusOr<ExprPtr> again = ParseExpression(printed);
  if (!again.ok() || !SameTree(**expr, **again)) return "prints as another tree: " + printed;
  fakes::MemorySeries series;
  for (const StoredSeries& each : query.series) series.Add(each.labels, each.samples);
  Engine engine(series);
  QueryContext context;
  context.name_removal = query.name_removal;
  std::string difference =
      CompareRun(query, **expr, query.steps, engine.Range(printed, query.steps, context));
  if (!difference.empty()) return "range query: " + difference;
  const int64_t start = query.steps.start_millis;
  difference = CompareRun(query, **expr, {start, start, 1},
                          engine.Instant(query.expression, start, context));
  return difference.empty() ? "" : "instant query: " + difference;
}

}  // namespace ora::promql::oracle
