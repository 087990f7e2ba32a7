#include "aggregator/promql/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/eval/evaluator.h"
#include "aggregator/promql/eval/query_state.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/parser/parser.h"
#include "proto/status/status_macros.h"

namespace ora::promql {
namespace {

constexpr uint64_t kPointBytes = sizeof(storage::Sample);

uint64_t BytesOf(const storage::Labels& labels) {
  uint64_t bytes = 0;
  for (const storage::LabelView label : labels) bytes += label.name.size() + label.value.size();
  return bytes;
}

uint64_t BytesOf(const Value& value) {
  uint64_t bytes = 0;
  if (const auto* vector = std::get_if<InstantVector>(&value)) {
    for (const InstantSample& sample : *vector) bytes += BytesOf(sample.labels) + kPointBytes;
  } else if (const auto* matrix = std::get_if<Matrix>(&value)) {
    for (const RangeSeries& series : *matrix) {
      bytes += BytesOf(series.labels) + series.samples.size() * kPointBytes;
    }
  }
  return bytes;
}

absl::StatusOr<QueryResult> Finish(Value value, QueryState& state) {
  const uint64_t bytes_max = state.context().limits.result_bytes_max;
  if (const uint64_t bytes = BytesOf(value); bytes > bytes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("query result takes ", bytes, " bytes, the limit is ", bytes_max,
                     "; aggregate it, or ask for fewer series, a longer step or a shorter range"));
  }
  QueryResult result;
  result.value = std::move(value);
  result.warnings = {state.warnings().begin(), state.warnings().end()};
  result.infos = {state.infos().begin(), state.infos().end()};
  result.cost = state.cost();
  result.cpu = state.CpuUsed();
  result.nodes = state.TakeNodes();
  return result;
}

// Whether the expression itself says in which order its instant vector comes.
bool IsOrdered(const Expr& expr) {
  const Expr& inner = WithoutParentheses(expr);
  if (const auto* call = std::get_if<Call>(&inner.node)) {
    const absl::string_view name = call->function->name;
    return name == "sort" || name == "sort_desc" || name == "sort_by_label" ||
           name == "sort_by_label_desc";
  }
  const auto* aggregate = std::get_if<Aggregate>(&inner.node);
  return aggregate != nullptr && (aggregate->op == AggregateOperator::kTopk ||
                                  aggregate->op == AggregateOperator::kBottomk);
}

InstantVector VectorAt(VectorGrid grid, int64_t time_millis) {
  InstantVector vector;
  vector.reserve(grid.size());
  for (GridSeries& series : grid) {
    vector.push_back({std::move(series.labels), time_millis, series.values[0]});
  }
  return vector;
}

Matrix MatrixOf(WindowGrid windows) {
  Matrix matrix;
  for (WindowSeries& series : windows.series) {
    if (series.drop_name) series.labels.Remove(storage::kMetricNameLabel);
    matrix.push_back({std::move(series.labels), std::move(series.samples)});
  }
  return matrix;
}

Matrix MatrixOf(VectorGrid grid, const StepGrid& steps) {
  Matrix matrix;
  matrix.reserve(grid.size());
  for (GridSeries& series : grid) {
    RangeSeries range;
    range.labels = std::move(series.labels);
    series.present.ForEach([&](size_t step) {
      range.samples.time_millis.push_back(steps.At(step));
      range.samples.values.push_back(series.values[step]);
    });
    matrix.push_back(std::move(range));
  }
  return matrix;
}

// They mostly are in that order, for selectors give them in it.
void SortByLabels(auto& series) {
  const auto before = [](const auto& a, const auto& b) { return a.labels < b.labels; };
  if (std::is_sorted(series.begin(), series.end(), before)) return;
  std::sort(series.begin(), series.end(), before);
}

// What a selector gives is as it is stored: in order, and none of it twice.
bool IsSelector(const Expr& expr) {
  return std::holds_alternative<VectorSelector>(WithoutParentheses(expr).node);
}

// The value's series with the names that they end with.
absl::StatusOr<VectorGrid> FinishSeries(const Expr& expr, VectorGrid vector) {
  if (IsSelector(expr)) return vector;
  return FinishNames(std::move(vector));
}

}  // namespace

absl::StatusOr<QueryResult> Engine::Instant(absl::string_view expression, int64_t time_millis,
                                            const QueryContext& context) {
  ORA_ASSIGN_OR_RETURN(const ExprPtr expr, ParseExpression(expression));
  const StepGrid grid{time_millis, 1, 1};
  QueryState state(reader_, context, {time_millis, time_millis});
  state.Share(*expr);
  Evaluator evaluator(state, expression, grid);
  if (expr->type == ValueType::kRange) {
    ORA_ASSIGN_OR_RETURN(WindowGrid windows, evaluator.EvaluateWindows(*expr, ""));
    Matrix matrix = MatrixOf(std::move(windows));
    SortByLabels(matrix);
    const auto same = [](const RangeSeries& a, const RangeSeries& b) {
      return a.labels == b.labels;
    };
    if (std::adjacent_find(matrix.begin(), matrix.end(), same) != matrix.end()) {
      return absl::InvalidArgumentError("vector cannot contain metrics with the same labelset");
    }
    return Finish(std::move(matrix), state);
  }
  ORA_ASSIGN_OR_RETURN(GridValue value, evaluator.Evaluate(*expr));
  if (auto* scalar = std::get_if<ScalarGrid>(&value)) {
    return Finish(ScalarValue{time_millis, scalar->front()}, state);
  }
  if (auto* text = std::get_if<std::string>(&value)) return Finish(std::move(*text), state);
  ORA_ASSIGN_OR_RETURN(VectorGrid named,
                       FinishSeries(*expr, std::get<VectorGrid>(std::move(value))));
  InstantVector vector = VectorAt(std::move(named), time_millis);
  if (!IsOrdered(*expr) && !IsSelector(*expr)) SortByLabels(vector);
  return Finish(std::move(vector), state);
}

absl::StatusOr<QueryResult> Engine::Range(absl::string_view expression, const QuerySteps& steps,
                                          const QueryContext& context) {
  if (steps.step_millis <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("step must be greater than 0, is ", steps.step_millis, " ms"));
  }
  if (steps.end_millis < steps.start_millis) {
    return absl::InvalidArgumentError(absl::StrCat(
        "end ", steps.end_millis, " ms must not be before start ", steps.start_millis, " ms"));
  }
  const int64_t intervals = (steps.end_millis - steps.start_millis) / steps.step_millis;
  if (static_cast<uint64_t>(intervals) > context.limits.steps_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("exceeded maximum resolution of ", context.limits.steps_max,
                     " points per timeseries: the query has ", intervals,
                     "; try a longer step or a shorter range"));
  }
  ORA_ASSIGN_OR_RETURN(const ExprPtr expr, ParseExpression(expression));
  if (expr->type != ValueType::kScalar && expr->type != ValueType::kVector) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid expression type \"", Text(expr->type),
                     "\" for range query, must be Scalar or instant Vector"));
  }
  const StepGrid grid{steps.start_millis, steps.step_millis, static_cast<size_t>(intervals + 1)};
  QueryState state(reader_, context, {steps.start_millis, steps.end_millis});
  state.Share(*expr);
  Evaluator evaluator(state, expression, grid);
  ORA_ASSIGN_OR_RETURN(GridValue value, evaluator.Evaluate(*expr));
  VectorGrid vector;
  if (auto* scalar = std::get_if<ScalarGrid>(&value)) {
    GridSeries series(storage::Labels(), grid.count);
    for (size_t step = 0; step < grid.count; ++step) series.Put(step, (*scalar)[step]);
    vector.push_back(std::move(series));
  } else {
    ORA_ASSIGN_OR_RETURN(vector, FinishSeries(*expr, std::get<VectorGrid>(std::move(value))));
  }
  Matrix matrix = MatrixOf(std::move(vector), grid);
  if (!IsSelector(*expr)) SortByLabels(matrix);
  return Finish(std::move(matrix), state);
}

absl::StatusOr<std::vector<storage::Matcher>> ParseSelector(absl::string_view selector) {
  ORA_ASSIGN_OR_RETURN(const ExprPtr expr, ParseExpression(selector));
  const auto* node = std::get_if<VectorSelector>(&expr->node);
  if (node == nullptr || node->shift.at || node->shift.offset_millis != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "1:1: parse error: expected a selector of series such as up{job=\"node\"}, got ",
        selector));
  }
  return node->matchers;
}

}  // namespace ora::promql
