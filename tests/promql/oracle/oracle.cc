#include "tests/promql/oracle/oracle.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/status/status_macros.h"

namespace ora::promql::oracle {
namespace {

using storage::Labels;
using storage::Sample;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool MatchesAll(const Labels& labels, const std::vector<storage::Matcher>& matchers) {
  for (const storage::Matcher& matcher : matchers) {
    if (!matcher.Matches(labels.Get(matcher.name()))) return false;
  }
  return true;
}

// The newest sample that an instant selector sees.
const Sample* Newest(const std::vector<Sample>& samples, int64_t time, int64_t lookback) {
  const Sample* newest = nullptr;
  for (const Sample& sample : samples) {
    if (sample.time_millis <= time && sample.time_millis > time - lookback) newest = &sample;
  }
  return newest != nullptr && storage::IsStaleMarker(newest->value) ? nullptr : newest;
}

Labels AbsentLabels(const Expr& argument) {
  const Expr& inner = WithoutParentheses(argument);
  const auto* selector = std::get_if<VectorSelector>(&inner.node);
  if (const auto* range = std::get_if<RangeSelector>(&inner.node)) selector = &range->selector;
  Labels labels;
  if (selector == nullptr) return labels;
  std::set<std::string> refused = {std::string(storage::kMetricNameLabel)};
  for (const storage::Matcher& matcher : selector->matchers) {
    const bool equal = matcher.type() == storage::MatchType::kEqual;
    if (!equal || labels.Has(matcher.name())) refused.insert(matcher.name());
    if (equal) labels.Set(matcher.name(), matcher.value());
  }
  for (const std::string& name : refused) labels.Remove(name);
  return labels;
}

}  // namespace

absl::Status CheckUnique(const Vector& vector) {
  std::set<Labels> seen;
  for (const Element& element : vector) {
    if (!seen.insert(element.labels).second) {
      return absl::InvalidArgumentError("vector cannot contain metrics with the same labelset");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Result> Oracle::Evaluate(const Expr& expr, int64_t time_millis) const {
  ORA_ASSIGN_OR_RETURN(Result result, At(expr, time_millis));
  auto* vector = std::get_if<Vector>(&result);
  if (vector == nullptr) return result;
  for (Element& element : *vector) {
    if (element.drop_name) element.labels.Remove(storage::kMetricNameLabel);
  }
  ORA_RETURN_IF_ERROR(CheckUnique(*vector));
  return result;
}

absl::StatusOr<Result> Oracle::At(const Expr& expr, int64_t time) const {
  if (const auto* number = std::get_if<NumberLiteral>(&expr.node)) return number->value;
  if (const auto* text = std::get_if<StringLiteral>(&expr.node)) return text->value;
  if (const auto* selector = std::get_if<VectorSelector>(&expr.node)) {
    return Select(*selector, time);
  }
  if (const auto* parenthesis = std::get_if<Parenthesis>(&expr.node)) {
    return At(*parenthesis->inner, time);
  }
  if (const auto* binary = std::get_if<Binary>(&expr.node)) return BinaryAt(*binary, time);
  if (const auto* aggregate = std::get_if<Aggregate>(&expr.node)) {
    return AggregateAt(*aggregate, time);
  }
  if (const auto* call = std::get_if<Call>(&expr.node)) return CallAt(*call, time);
  const auto& unary = std::get<Unary>(expr.node);
  ORA_ASSIGN_OR_RETURN(Result operand, At(*unary.operand, time));
  if (unary.op == UnaryOperator::kPlus) return operand;
  if (const auto* scalar = std::get_if<double>(&operand)) return -*scalar;
  auto vector = std::get<Vector>(std::move(operand));
  for (Element& element : vector) element.value = -element.value;
  return WithoutNames(std::move(vector));
}

absl::StatusOr<double> Oracle::ScalarAt(const Expr& expr, int64_t time) const {
  ORA_ASSIGN_OR_RETURN(const Result result, At(expr, time));
  return std::get<double>(result);
}

absl::StatusOr<Vector> Oracle::VectorAt(const Expr& expr, int64_t time) const {
  ORA_ASSIGN_OR_RETURN(Result result, At(expr, time));
  return std::get<Vector>(std::move(result));
}

absl::StatusOr<Result> Oracle::WithoutNames(Vector vector) const {
  for (Element& element : vector) {
    if (settings_.name_removal == NameRemoval::kDelayed) {
      element.drop_name = true;
    } else {
      element.labels.Remove(storage::kMetricNameLabel);
    }
  }
  if (settings_.name_removal == NameRemoval::kAtOnce) ORA_RETURN_IF_ERROR(CheckUnique(vector));
  return vector;
}

int64_t Oracle::Shifted(const TimeShift& shift, int64_t time) const {
  if (shift.at && shift.at->kind == AtTime::Kind::kTime) time = shift.at->time_millis;
  if (shift.at && shift.at->kind == AtTime::Kind::kStart) time = settings_.query.start_millis;
  if (shift.at && shift.at->kind == AtTime::Kind::kEnd) time = settings_.query.end_millis;
  return time - shift.offset_millis;
}

Vector Oracle::Select(const VectorSelector& selector, int64_t time) const {
  Vector vector;
  for (const StoredSeries& series : series_) {
    if (!MatchesAll(series.labels, selector.matchers)) continue;
    const Sample* sample =
        Newest(series.samples, Shifted(selector.shift, time), settings_.lookback_millis);
    if (sample != nullptr) vector.push_back({series.labels, false, sample->value});
  }
  return vector;
}

Vector Oracle::SelectTimes(const VectorSelector& selector, int64_t time) const {
  Vector vector;
  for (const StoredSeries& series : series_) {
    if (!MatchesAll(series.labels, selector.matchers)) continue;
    const Sample* sample =
        Newest(series.samples, Shifted(selector.shift, time), settings_.lookback_millis);
    if (sample == nullptr) continue;
    vector.push_back({series.labels, false, static_cast<double>(sample->time_millis) / 1000});
  }
  return vector;
}

absl::StatusOr<Oracle::Windows> Oracle::WindowsAt(const Expr& expr, int64_t time) const {
  const Expr& inner = WithoutParentheses(expr);
  if (const auto* subquery = std::get_if<Subquery>(&inner.node)) {
    return SubqueryWindows(*subquery, time);
  }
  const auto& range = std::get<RangeSelector>(inner.node);
  Windows windows;
  windows.end_millis = Shifted(range.selector.shift, time);
  windows.start_millis = windows.end_millis - range.range_millis;
  for (const StoredSeries& series : series_) {
    if (!MatchesAll(series.labels, range.selector.matchers)) continue;
    Window window{series.labels, false, {}};
    for (const Sample& sample : series.samples) {
      const bool inside =
          sample.time_millis > windows.start_millis && sample.time_millis <= windows.end_millis;
      if (inside && !storage::IsStaleMarker(sample.value)) window.samples.push_back(sample);
    }
    if (!window.samples.empty()) windows.series.push_back(std::move(window));
  }
  return windows;
}

absl::StatusOr<Oracle::Windows> Oracle::SubqueryWindows(const Subquery& subquery,
                                                        int64_t time) const {
  const int64_t step =
      subquery.step_millis == 0 ? settings_.subquery_step_millis : subquery.step_millis;
  Windows windows;
  windows.end_millis = Shifted(subquery.shift, time);
  windows.start_millis = windows.end_millis - subquery.range_millis;
  int64_t at = windows.start_millis / step * step - step;
  while (at <= windows.start_millis) at += step;
  for (; at <= windows.end_millis; at += step) {
    ORA_ASSIGN_OR_RETURN(const Vector vector, VectorAt(*subquery.inner, at));
    for (const Element& element : vector) {
      const auto same = [&element](const Window& window) {
        return window.labels == element.labels && window.drop_name == element.drop_name;
      };
      auto found = std::find_if(windows.series.begin(), windows.series.end(), same);
      if (found == windows.series.end()) {
        windows.series.push_back({element.labels, element.drop_name, {}});
        found = std::prev(windows.series.end());
      }
      found->samples.push_back({at, element.value});
    }
  }
  return windows;
}

absl::StatusOr<Result> Oracle::BinaryAt(const Binary& binary, int64_t time) const {
  ORA_ASSIGN_OR_RETURN(const Result left, At(*binary.left, time));
  ORA_ASSIGN_OR_RETURN(const Result right, At(*binary.right, time));
  const auto* left_scalar = std::get_if<double>(&left);
  const auto* right_scalar = std::get_if<double>(&right);
  if (left_scalar != nullptr && right_scalar != nullptr) {
    return Arithmetic(binary.op, *left_scalar, *right_scalar);
  }
  if (left_scalar == nullptr && right_scalar == nullptr) {
    const auto& a = std::get<Vector>(left);
    const auto& b = std::get<Vector>(right);
    if (IsSetOperator(binary.op)) return Combined(binary, a, b);
    ORA_ASSIGN_OR_RETURN(Vector matched, Matched(binary, settings_.name_removal, a, b));
    return matched;
  }
  Vector result;
  for (Element element : std::get<Vector>(left_scalar != nullptr ? right : left)) {
    const double computed = left_scalar != nullptr
                                ? Arithmetic(binary.op, *left_scalar, element.value)
                                : Arithmetic(binary.op, element.value, *right_scalar);
    if (IsComparison(binary.op) && !binary.return_bool) {
      if (computed != 0) result.push_back(element);
      continue;
    }
    element.value = computed;
    result.push_back(element);
  }
  if (IsComparison(binary.op) && !binary.return_bool) return result;
  return WithoutNames(std::move(result));
}

absl::StatusOr<Result> Oracle::AggregateAt(const Aggregate& aggregate, int64_t time) const {
  double scalar = 0;
  std::string text;
  if (aggregate.parameter != nullptr) {
    ORA_ASSIGN_OR_RETURN(const Result parameter, At(*aggregate.parameter, time));
    if (const auto* number = std::get_if<double>(&parameter)) scalar = *number;
    if (const auto* label = std::get_if<std::string>(&parameter)) text = *label;
  }
  ORA_ASSIGN_OR_RETURN(const Vector vector, VectorAt(*aggregate.operand, time));
  ORA_ASSIGN_OR_RETURN(Vector result, Aggregated(aggregate, vector, scalar, text));
  return result;
}

absl::StatusOr<Result> Oracle::CallAt(const Call& call, int64_t time) const {
  const absl::string_view name = call.function->name;
  if (name == "time") return static_cast<double>(time) / 1000;
  if (name == "pi") return std::acos(-1.0);
  for (const ExprPtr& argument : call.arguments) {
    if (argument->type == ValueType::kRange) return RangeCallAt(call, *argument, time);
    if (argument->type == ValueType::kString) return LabelCallAt(call, time);
  }
  return VectorCallAt(call, time);
}

absl::StatusOr<Result> Oracle::RangeCallAt(const Call& call, const Expr& range,
                                           int64_t time) const {
  const absl::string_view name = call.function->name;
  std::vector<double> scalars;
  for (const ExprPtr& argument : call.arguments) {
    if (argument->type != ValueType::kScalar) continue;
    ORA_ASSIGN_OR_RETURN(const double scalar, ScalarAt(*argument, time));
    scalars.push_back(scalar);
  }
  ORA_ASSIGN_OR_RETURN(const Windows windows, WindowsAt(range, time));
  if (name == "absent_over_time") {
    return windows.series.empty() ? Vector{{AbsentLabels(range), false, 1}} : Vector();
  }
  Vector result;
  for (const Window& window : windows.series) {
    const std::optional<double> value = WindowFunction(
        name, window.samples, {windows.start_millis, windows.end_millis, time}, scalars);
    if (value) result.push_back({window.labels, window.drop_name, *value});
  }
  if (name == "last_over_time") return result;
  return WithoutNames(std::move(result));
}

absl::StatusOr<Result> Oracle::VectorCallAt(const Call& call, int64_t time) const {
  const absl::string_view name = call.function->name;
  std::vector<double> scalars;
  Vector vector;
  for (const ExprPtr& argument : call.arguments) {
    ORA_ASSIGN_OR_RETURN(Result value, At(*argument, time));
    if (const auto* scalar = std::get_if<double>(&value)) scalars.push_back(*scalar);
    if (auto* elements = std::get_if<Vector>(&value)) vector = std::move(*elements);
  }
  if (name == "vector") return Vector{{Labels(), false, scalars[0]}};
  if (name == "scalar") return vector.size() == 1 ? vector[0].value : kNan;
  if (name == "sort" || name == "sort_desc") return vector;
  if (name == "absent") {
    return vector.empty() ? Vector{{AbsentLabels(*call.arguments[0]), false, 1}} : Vector();
  }
  if (absl::StartsWith(name, "histogram_")) {
    ORA_ASSIGN_OR_RETURN(Vector result, Histograms(name, scalars, vector));
    return WithoutNames(std::move(result));
  }
  if (call.arguments.empty()) vector = {{Labels(), false, static_cast<double>(time) / 1000}};
  if (name == "timestamp") {
    const Expr& inner = WithoutParentheses(*call.arguments[0]);
    const auto* selector = std::get_if<VectorSelector>(&inner.node);
    for (Element& element : vector) element.value = static_cast<double>(time) / 1000;
    return WithoutNames(selector == nullptr ? vector : SelectTimes(*selector, time));
  }
  Vector result;
  for (Element& element : vector) {
    const std::optional<double> value = ValueFunction(name, element.value, scalars);
    if (value) result.push_back({element.labels, element.drop_name, *value});
  }
  return WithoutNames(std::move(result));
}

absl::StatusOr<Result> Oracle::LabelCallAt(const Call& call, int64_t time) const {
  ORA_ASSIGN_OR_RETURN(Vector vector, VectorAt(*call.arguments[0], time));
  std::vector<std::string> texts;
  for (size_t i = 1; i < call.arguments.size(); ++i) {
    ORA_ASSIGN_OR_RETURN(const Result text, At(*call.arguments[i], time));
    texts.push_back(std::get<std::string>(text));
  }
  if (absl::StartsWith(call.function->name, "sort_by_label")) return vector;
  for (Element& element : vector) {
    std::string value;
    if (call.function->name == "label_join") {
      for (size_t i = 2; i < texts.size(); ++i) {
        absl::StrAppend(&value, i == 2 ? "" : texts[1], std::string(element.labels.Get(texts[i])));
      }
    } else {
      // The generator writes no other group than $1, so this is all of Go's templates here.
      const std::string source(element.labels.Get(texts[2]));
      const re2::RE2 regex("(?s:" + texts[3] + ")");
      std::string group;
      if (!re2::RE2::FullMatch(source, regex)) continue;
      if (regex.NumberOfCapturingGroups() > 0) re2::RE2::FullMatch(source, regex, &group);
      value = texts[1];
      re2::RE2::GlobalReplace(&value, "\\$1", group);
    }
    element.labels.Set(texts[0], value);
    if (texts[0] == storage::kMetricNameLabel) element.drop_name = false;
  }
  ORA_RETURN_IF_ERROR(CheckUnique(vector));
  return vector;
}

}  // namespace ora::promql::oracle
