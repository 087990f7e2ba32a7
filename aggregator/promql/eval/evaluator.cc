#include "aggregator/promql/eval/evaluator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/eval/aggregation.h"
#include "aggregator/promql/eval/binary_operators.h"
#include "aggregator/promql/eval/group_folds.h"
#include "aggregator/promql/eval/histogram.h"
#include "aggregator/promql/eval/instant_functions.h"
#include "aggregator/promql/eval/label_functions.h"
#include "aggregator/promql/eval/vector_matching.h"
#include "aggregator/promql/eval/windows/window_edges.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/status/status_macros.h"

namespace ora::promql {
namespace {

absl::Status NotAVector() {
  return absl::InternalError("an expression has another type than its node says");
}

VectorGrid VectorOf(const ScalarGrid& scalar) {
  GridSeries series(storage::Labels(), scalar.size());
  for (size_t step = 0; step < scalar.size(); ++step) series.Put(step, scalar[step]);
  VectorGrid vector;
  vector.push_back(std::move(series));
  return vector;
}

ScalarGrid TimesInSeconds(const StepGrid& grid) {
  ScalarGrid times(grid.count);
  for (size_t step = 0; step < grid.count; ++step) {
    times[step] = static_cast<double>(grid.At(step)) / 1000;
  }
  return times;
}

// The value where there is exactly one, else NaN.
ScalarGrid ScalarOf(const VectorGrid& vector, size_t steps) {
  ScalarGrid scalar(steps, std::numeric_limits<double>::quiet_NaN());
  std::vector<uint32_t> counts(steps);
  for (const GridSeries& series : vector) {
    series.present.ForEach([&](size_t step) {
      scalar[step] =
          ++counts[step] == 1 ? series.values[step] : std::numeric_limits<double>::quiet_NaN();
    });
  }
  return scalar;
}

// Functions that ignore what Ora stores: their result is always empty.
bool OnlyNativeHistograms(absl::string_view function) {
  return function == "histogram_avg" || function == "histogram_count" ||
         function == "histogram_stddev" || function == "histogram_stdvar" ||
         function == "histogram_sum";
}

// 1 at the steps where nothing is present.
VectorGrid AbsentOf(const StepBits& present, storage::Labels labels, size_t steps) {
  GridSeries series(std::move(labels), steps);
  for (size_t step = 0; step < steps; ++step) {
    if (!present.Get(step)) series.Put(step, 1);
  }
  VectorGrid vector;
  vector.push_back(std::move(series));
  return WithoutEmpty(std::move(vector));
}

StepBits StepsWithSamples(const WindowGrid& windows, size_t steps) {
  StepBits present(steps);
  WindowEdges edges;
  for (const WindowSeries& series : windows.series) {
    FindEdges(series.samples.time_millis, windows.ends_millis, windows.range_millis, edges);
    for (size_t step = 0; step < steps; ++step) {
      if (edges.begins[step] != edges.ends[step]) present.Set(step);
    }
  }
  return present;
}

StepBits AnyPresent(const VectorGrid& vector, size_t steps) {
  StepBits any(steps);
  for (const GridSeries& series : vector) any.Add(series.present);
  return any;
}

}  // namespace

NameRemoval Evaluator::removal() const { return state_.context().name_removal; }

std::string Evaluator::Place(const Expr& expr) const {
  const absl::string_view before = text_.substr(0, expr.span.begin);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t newline = before.rfind('\n');
  const size_t column =
      newline == absl::string_view::npos ? before.size() + 1 : before.size() - newline;
  return absl::StrCat(line, ":", column);
}

absl::StatusOr<GridValue> Evaluator::Evaluate(const Expr& expr) {
  ORA_RETURN_IF_ERROR(state_.CheckAlive());
  const size_t begun = state_.BeginNode(expr);
  absl::StatusOr<GridValue> value = EvaluateOnce(expr);
  const auto* vector = value.ok() ? std::get_if<VectorGrid>(&*value) : nullptr;
  state_.EndNode(begun, vector != nullptr ? vector->size() : 0);
  return value;
}

absl::StatusOr<GridValue> Evaluator::EvaluateOnce(const Expr& expr) {
  const bool shared = state_.shared().Contains(expr);
  if (shared) {
    if (std::optional<VectorGrid> known = state_.shared().Take(expr)) return *std::move(known);
  }
  absl::StatusOr<GridValue> value =
      std::visit([&](const auto& node) { return EvaluateNode(node, expr); }, expr.node);
  if (!shared || !value.ok()) return value;
  if (const auto* vector = std::get_if<VectorGrid>(&*value)) state_.shared().Keep(expr, *vector);
  return value;
}

absl::StatusOr<ScalarGrid> Evaluator::EvaluateScalar(const Expr& expr) {
  function_above_.clear();
  ORA_ASSIGN_OR_RETURN(GridValue value, Evaluate(expr));
  if (auto* scalar = std::get_if<ScalarGrid>(&value)) return std::move(*scalar);
  return NotAVector();
}

absl::StatusOr<VectorGrid> Evaluator::EvaluateVector(const Expr& expr, absl::string_view function) {
  function_above_ = std::string(function);
  ORA_ASSIGN_OR_RETURN(GridValue value, Evaluate(expr));
  if (auto* vector = std::get_if<VectorGrid>(&value)) return std::move(*vector);
  return NotAVector();
}

absl::StatusOr<std::string> Evaluator::EvaluateString(const Expr& expr) {
  ORA_ASSIGN_OR_RETURN(GridValue value, Evaluate(expr));
  if (auto* text = std::get_if<std::string>(&value)) return std::move(*text);
  return NotAVector();
}

absl::StatusOr<GridValue> Evaluator::EvaluateNode(const NumberLiteral& number, const Expr&) {
  return ScalarGrid(grid_.count, number.value);
}

absl::StatusOr<GridValue> Evaluator::EvaluateNode(const StringLiteral& string, const Expr&) {
  return string.value;
}

absl::StatusOr<GridValue> Evaluator::EvaluateNode(const VectorSelector& selector, const Expr&) {
  return Select(selector, SelectorValue::kValue);
}

absl::StatusOr<GridValue> Evaluator::EvaluateNode(const RangeSelector&, const Expr&) {
  return NotAVector();
}

absl::StatusOr<GridValue> Evaluator::EvaluateNode(const Subquery&, const Expr&) {
  return NotAVector();
}

absl::StatusOr<GridValue> Evaluator::EvaluateNode(const Parenthesis& parenthesis, const Expr&) {
  return Evaluate(*parenthesis.inner);
}

absl::StatusOr<GridValue> Evaluator::EvaluateNode(const Unary& unary, const Expr&) {
  function_above_.clear();
  ORA_ASSIGN_OR_RETURN(GridValue value, Evaluate(*unary.operand));
  if (unary.op == UnaryOperator::kPlus) return value;
  if (auto* scalar = std::get_if<ScalarGrid>(&value)) {
    for (double& each : *scalar) each = -each;
    return value;
  }
  auto& vector = std::get<VectorGrid>(value);
  for (GridSeries& series : vector) {
    series.present.ForEach([&](size_t step) { series.values[step] = -series.values[step]; });
  }
  return DropNames(std::move(vector), removal(), SameLabels::kRefuse);
}

absl::StatusOr<GridValue> Evaluator::EvaluateNode(const Binary& binary, const Expr&) {
  function_above_.clear();
  ORA_ASSIGN_OR_RETURN(GridValue left, Evaluate(*binary.left));
  function_above_.clear();
  ORA_ASSIGN_OR_RETURN(GridValue right, Evaluate(*binary.right));
  auto* left_scalar = std::get_if<ScalarGrid>(&left);
  auto* right_scalar = std::get_if<ScalarGrid>(&right);
  if (left_scalar != nullptr && right_scalar != nullptr) {
    return CombineScalars(binary.op, std::move(*left_scalar), *right_scalar);
  }
  if (left_scalar != nullptr) {
    return CombineWithScalar(binary, std::get<VectorGrid>(std::move(right)), *left_scalar,
                             ScalarSide::kLeft, removal());
  }
  auto& left_vector = std::get<VectorGrid>(left);
  if (right_scalar != nullptr) {
    return CombineWithScalar(binary, std::move(left_vector), *right_scalar, ScalarSide::kRight,
                             removal());
  }
  auto& right_vector = std::get<VectorGrid>(right);
  if (IsSetOperator(binary.op)) {
    return CombineSets(binary, std::move(left_vector), std::move(right_vector), grid_);
  }
  return MatchVectors(binary, std::move(left_vector), std::move(right_vector), grid_, state_);
}

absl::StatusOr<GridValue> Evaluator::EvaluateNode(const Aggregate& aggregate, const Expr&) {
  AggregateParameter parameter;
  if (aggregate.parameter != nullptr) {
    parameter.place = Place(*aggregate.parameter);
    function_above_.clear();
    ORA_ASSIGN_OR_RETURN(GridValue value, Evaluate(*aggregate.parameter));
    if (auto* scalar = std::get_if<ScalarGrid>(&value)) parameter.scalar = std::move(*scalar);
    if (auto* text = std::get_if<std::string>(&value)) parameter.text = std::move(*text);
  }
  if (CanFold(aggregate)) {
    if (const auto folds = MakeGroupFolds(aggregate.op, grid_)) {
      return AggregateStream(aggregate, *folds);
    }
  }
  ORA_ASSIGN_OR_RETURN(VectorGrid vector, EvaluateVector(*aggregate.operand, Text(aggregate.op)));
  return ApplyAggregate(aggregate, std::move(vector), parameter, grid_, state_);
}

absl::StatusOr<GridValue> Evaluator::EvaluateNode(const Call& call, const Expr& expr) {
  const absl::string_view name = call.function->name;
  if (IsRangeFunction(name)) return CallRangeFunction(call, expr);
  if (IsInstantFunction(name)) return CallInstantFunction(call);
  if (name == "label_replace" || name == "label_join" || name == "sort_by_label" ||
      name == "sort_by_label_desc") {
    return CallLabelFunction(call);
  }
  if (name == "timestamp") return CallTimestamp(call);
  if (name == "histogram_quantile") return CallHistogramQuantile(call);
  if (name == "histogram_fraction") return CallHistogramFraction(call);
  if (name == "time") return TimesInSeconds(grid_);
  if (name == "pi") return ScalarGrid(grid_.count, std::numbers::pi);
  if (name == "vector") {
    ORA_ASSIGN_OR_RETURN(const ScalarGrid scalar, EvaluateScalar(*call.arguments[0]));
    return VectorOf(scalar);
  }
  if (name == "absent_over_time") {
    ORA_ASSIGN_OR_RETURN(const WindowGrid windows, EvaluateWindows(*call.arguments[0], name));
    return AbsentOf(StepsWithSamples(windows, grid_.count), LabelsOfAbsent(*call.arguments[0]),
                    grid_.count);
  }
  if (OnlyNativeHistograms(name)) {
    ORA_RETURN_IF_ERROR(EvaluateVector(*call.arguments[0], call.function->name).status());
    return VectorGrid();
  }
  const bool sort = name == "sort" || name == "sort_desc";
  if (!sort && name != "scalar" && name != "absent") {
    return absl::InvalidArgumentError(absl::StrCat("function ", Quote(name), " is not supported"));
  }
  ORA_ASSIGN_OR_RETURN(VectorGrid vector, EvaluateVector(*call.arguments[0], call.function->name));
  if (name == "scalar") return ScalarOf(vector, grid_.count);
  if (name == "absent") {
    return AbsentOf(AnyPresent(vector, grid_.count), LabelsOfAbsent(*call.arguments[0]),
                    grid_.count);
  }
  if (grid_.count > 1) return vector;
  return SortByValue(std::move(vector),
                     name == "sort" ? SortOrder::kAscending : SortOrder::kDescending);
}

absl::StatusOr<ScalarArguments> Evaluator::EvaluateScalars(const Call& call) {
  ScalarArguments scalars;
  for (const ExprPtr& argument : call.arguments) {
    if (argument->type == ValueType::kRange) continue;
    ORA_ASSIGN_OR_RETURN(ScalarGrid scalar, EvaluateScalar(*argument));
    scalars.push_back(std::move(scalar));
  }
  return scalars;
}

absl::StatusOr<GridValue> Evaluator::CallRangeFunction(const Call& call, const Expr& expr) {
  VectorGrid result;
  if (IsStreamed(expr)) {
    const auto collect = [&](const storage::SeriesCursor& cursor, const GridSeries& series) {
      result.push_back(series);
      result.back().labels = cursor.labels();
      return state_.CheckSize(result.size(), grid_.count);
    };
    ORA_RETURN_IF_ERROR(StreamRangeFunction(call, collect));
  } else {
    ORA_ASSIGN_OR_RETURN(result, ApplyToSubquery(call));
  }
  if (KeepsName(call.function->name)) return result;
  return DropNames(std::move(result), removal(), SameLabels::kRefuse);
}

absl::StatusOr<VectorGrid> Evaluator::ApplyToSubquery(const Call& call) {
  ORA_ASSIGN_OR_RETURN(const ScalarArguments scalars, EvaluateScalars(call));
  const Expr& argument = RangeArgument(call);
  ORA_ASSIGN_OR_RETURN(const WindowGrid windows, EvaluateWindows(argument, call.function->name));
  const WindowFrame frame{grid_, windows.ends_millis, windows.range_millis};
  ORA_ASSIGN_OR_RETURN(const std::unique_ptr<WindowFunction> function,
                       MakeWindowFunction(call.function->name, frame, scalars));
  RangeFunctionNotes notes(call.function->name, scalars);
  VectorGrid result;
  for (const WindowSeries& series : windows.series) {
    ORA_RETURN_IF_ERROR(state_.CheckAlive());
    ORA_RETURN_IF_ERROR(state_.CheckSize(result.size() + 1, grid_.count));
    GridSeries slid(series.labels, grid_.count);
    slid.drop_name = series.drop_name;
    ORA_RETURN_IF_ERROR(function->Apply(series.samples, state_, slid));
    if (!slid.present.Any()) continue;
    notes.See(slid.labels.Get(storage::kMetricNameLabel), slid);
    result.push_back(std::move(slid));
  }
  notes.TellTo(state_, Place(argument));
  return result;
}

// Whether two series of the expression, which is streamed, cannot become the same one when their
// names go, and the names are not asked for.
bool Evaluator::CanFold(const Aggregate& aggregate) const {
  if (!IsStreamed(*aggregate.operand)) return false;
  const Expr& inner = WithoutParentheses(*aggregate.operand);
  if (state_.shared().Contains(inner)) return false;  // Others want the operand's series.
  const auto* call = std::get_if<Call>(&inner.node);
  if (call == nullptr || KeepsName(call->function->name)) return true;
  const auto& by = aggregate.labels;
  if (aggregate.grouping == Grouping::kBy &&
      std::find(by.begin(), by.end(), storage::kMetricNameLabel) != by.end()) {
    return false;
  }
  const Expr& argument = WithoutParentheses(RangeArgument(*call));
  const auto& matchers = std::get<RangeSelector>(argument.node).selector.matchers;
  return std::any_of(matchers.begin(), matchers.end(), [](const storage::Matcher& matcher) {
    return matcher.name() == storage::kMetricNameLabel &&
           matcher.type() == storage::MatchType::kEqual;
  });
}

absl::StatusOr<VectorGrid> Evaluator::AggregateStream(const Aggregate& aggregate,
                                                      GroupFolds& folds) {
  SeriesGroups groups(aggregate);
  uint64_t series = 0;
  const auto fold = [&](const storage::SeriesCursor& cursor, const GridSeries& values) {
    ++series;
    folds.Add(groups.Find(cursor, false), values);
    return state_.CheckSize(groups.size(), grid_.count);
  };
  const size_t begun = state_.BeginNode(*aggregate.operand);
  const absl::Status streamed = Stream(*aggregate.operand, Text(aggregate.op), fold);
  state_.EndNode(begun, series);
  ORA_RETURN_IF_ERROR(streamed);
  return TakeGroups(groups, folds);
}

absl::StatusOr<GridValue> Evaluator::CallInstantFunction(const Call& call) {
  std::vector<ScalarGrid> scalars;
  for (size_t i = 1; i < call.arguments.size(); ++i) {
    ORA_ASSIGN_OR_RETURN(ScalarGrid scalar, EvaluateScalar(*call.arguments[i]));
    scalars.push_back(std::move(scalar));
  }
  VectorGrid vector;
  if (call.arguments.empty()) {
    vector = VectorOf(TimesInSeconds(grid_));
  } else {
    ORA_ASSIGN_OR_RETURN(vector, EvaluateVector(*call.arguments[0], call.function->name));
  }
  return DropNames(ApplyInstantFunction(call.function->name, std::move(vector), scalars), removal(),
                   SameLabels::kMerge);
}

absl::StatusOr<GridValue> Evaluator::CallLabelFunction(const Call& call) {
  ORA_ASSIGN_OR_RETURN(VectorGrid vector, EvaluateVector(*call.arguments[0], call.function->name));
  std::vector<std::string> texts;
  for (size_t i = 1; i < call.arguments.size(); ++i) {
    ORA_ASSIGN_OR_RETURN(std::string text, EvaluateString(*call.arguments[i]));
    texts.push_back(std::move(text));
  }
  if (call.function->name == "label_replace") {
    return ReplaceLabel(std::move(vector), {texts[0], texts[1], texts[2], texts[3]});
  }
  if (call.function->name != "label_join") {
    if (grid_.count > 1) return vector;
    return SortByLabels(
        std::move(vector), texts,
        call.function->name == "sort_by_label" ? LabelOrder::kAscending : LabelOrder::kDescending);
  }
  return JoinLabels(std::move(vector), {texts[0], texts[1], {texts.begin() + 2, texts.end()}});
}

absl::StatusOr<GridValue> Evaluator::CallTimestamp(const Call& call) {
  const Expr& argument = WithoutParentheses(*call.arguments[0]);
  VectorGrid vector;
  if (const auto* selector = std::get_if<VectorSelector>(&argument.node)) {
    ORA_ASSIGN_OR_RETURN(vector, Select(*selector, SelectorValue::kTime));
  } else {
    ORA_ASSIGN_OR_RETURN(vector, EvaluateVector(argument, call.function->name));
    const ScalarGrid times = TimesInSeconds(grid_);
    for (GridSeries& series : vector) series.values.assign(times.begin(), times.end());
  }
  return DropNames(std::move(vector), removal(), SameLabels::kMerge);
}

absl::StatusOr<GridValue> Evaluator::CallHistogramQuantile(const Call& call) {
  ORA_ASSIGN_OR_RETURN(const ScalarGrid q, EvaluateScalar(*call.arguments[0]));
  ORA_ASSIGN_OR_RETURN(const VectorGrid buckets,
                       EvaluateVector(*call.arguments[1], call.function->name));
  VectorGrid result = HistogramQuantile(
      q, buckets, {Place(*call.arguments[0]), Place(*call.arguments[1])}, grid_, state_);
  return DropNames(std::move(result), removal(), SameLabels::kMerge);
}

absl::StatusOr<GridValue> Evaluator::CallHistogramFraction(const Call& call) {
  IntervalGrid intervals;
  ORA_ASSIGN_OR_RETURN(intervals.lower, EvaluateScalar(*call.arguments[0]));
  ORA_ASSIGN_OR_RETURN(intervals.upper, EvaluateScalar(*call.arguments[1]));
  ORA_ASSIGN_OR_RETURN(const VectorGrid buckets,
                       EvaluateVector(*call.arguments[2], call.function->name));
  VectorGrid result =
      HistogramFraction(intervals, buckets, Place(*call.arguments[2]), grid_, state_);
  return DropNames(std::move(result), removal(), SameLabels::kMerge);
}

}  // namespace ora::promql
