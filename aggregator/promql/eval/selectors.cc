// Selectors and subqueries: where samples enter an evaluation.
#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/eval/evaluator.h"
#include "aggregator/promql/eval/windows/window_edges.h"
#include "aggregator/promql/eval/windows/window_folds.h"
#include "proto/status/status_macros.h"

namespace ora::promql {
namespace {

using storage::SampleColumns;
using storage::SelectRequest;
using storage::SeriesCursor;

constexpr double kMillisASecond = 1000;

void RemoveStaleMarkers(SampleColumns& samples) {
  if (!HasNan(samples.values)) return;
  size_t kept = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (storage::IsStaleMarker(samples.values[i])) continue;
    samples.time_millis[kept] = samples.time_millis[i];
    samples.values[kept] = samples.values[i];
    ++kept;
  }
  samples.time_millis.resize(kept);
  samples.values.resize(kept);
}

int64_t FloorToMultiple(int64_t time, int64_t step) {
  const int64_t rest = time % step;
  return rest < 0 ? time - rest - step : time - rest;
}

}  // namespace

const Expr& RangeArgument(const Call& call) {
  return **std::find_if(call.arguments.begin(), call.arguments.end(), [](const ExprPtr& argument) {
    return argument->type == ValueType::kRange;
  });
}

std::vector<int64_t> Evaluator::ShiftedTimes(const TimeShift& shift) const {
  std::vector<int64_t> times(grid_.count);
  for (size_t step = 0; step < grid_.count; ++step) {
    int64_t time = grid_.At(step);
    if (shift.at) {
      switch (shift.at->kind) {
        case AtTime::Kind::kTime:
          time = shift.at->time_millis;
          break;
        case AtTime::Kind::kStart:
          time = state_.query().start_millis;
          break;
        case AtTime::Kind::kEnd:
          time = state_.query().end_millis;
          break;
      }
    }
    times[step] = time - shift.offset_millis;
  }
  return times;
}

SelectRequest Evaluator::RequestFor(const VectorSelector& selector,
                                    const std::vector<int64_t>& ends_millis,
                                    int64_t range_millis) const {
  SelectRequest request;
  request.matchers = selector.matchers;
  request.range = {ends_millis.front() - range_millis + 1, ends_millis.back()};
  request.hints.step_millis = grid_.count > 1 ? grid_.step_millis : 0;
  request.hints.function = function_above_;
  request.series_max = state_.context().limits.series_max;
  return request;
}

absl::Status Evaluator::StreamSamples(const SelectRequest& request, Transform transform,
                                      VisitSeries visit) {
  ORA_ASSIGN_OR_RETURN(const std::unique_ptr<SeriesCursor> cursor, state_.reader().Select(request));
  state_.CountSeries(cursor->series_count());
  SampleColumns samples;
  GridSeries series(storage::Labels(), grid_.count);
  while (cursor->Next()) {
    ORA_RETURN_IF_ERROR(state_.CheckAlive());
    ORA_RETURN_IF_ERROR(cursor->ReadSamples(samples));
    ORA_RETURN_IF_ERROR(state_.CountSamples(samples.size()));
    if (samples.size() == 0) continue;
    series.Clear();
    ORA_RETURN_IF_ERROR(transform(samples, series));
    if (series.present.Any()) ORA_RETURN_IF_ERROR(visit(*cursor, series));
  }
  for (const std::string& warning : cursor->warnings()) state_.Warn(warning);
  return absl::OkStatus();
}

absl::Status Evaluator::StreamSelector(const VectorSelector& selector, SelectorValue wanted,
                                       VisitSeries visit) {
  const int64_t lookback = state_.context().lookback_millis;
  const std::vector<int64_t> times = ShiftedTimes(selector.shift);
  WindowEdges edges;
  const auto newest = [&](SampleColumns& samples, GridSeries& series) {
    FindEdges(samples.time_millis, times, lookback, edges);
    for (size_t step = 0; step < grid_.count; ++step) {
      if (edges.begins[step] == edges.ends[step]) continue;
      const size_t at = edges.ends[step] - 1;
      if (storage::IsStaleMarker(samples.values[at])) continue;
      series.Put(step, wanted == SelectorValue::kValue
                           ? samples.values[at]
                           : static_cast<double>(samples.time_millis[at]) / kMillisASecond);
    }
    return absl::OkStatus();
  };
  SelectRequest request = RequestFor(selector, times, lookback);
  request.hints.only_newest = times.front() == times.back();  // One instant, if for all steps.
  return StreamSamples(request, newest, visit);
}

absl::Status Evaluator::StreamRangeFunction(const Call& call, VisitSeries visit) {
  ORA_ASSIGN_OR_RETURN(const ScalarArguments scalars, EvaluateScalars(call));
  const Expr& argument = RangeArgument(call);
  const auto& range = std::get<RangeSelector>(WithoutParentheses(argument).node);
  const WindowFrame frame{grid_, ShiftedTimes(range.selector.shift), range.range_millis};
  ORA_ASSIGN_OR_RETURN(const std::unique_ptr<WindowFunction> function,
                       MakeWindowFunction(call.function->name, frame, scalars));
  function_above_ = std::string(call.function->name);
  SelectRequest request = RequestFor(range.selector, frame.ends_millis, range.range_millis);
  request.hints.range_millis = range.range_millis;
  RangeFunctionNotes notes(call.function->name, scalars);
  ORA_RETURN_IF_ERROR(StreamSamples(
      request,
      [&](SampleColumns& samples, GridSeries& series) {
        RemoveStaleMarkers(samples);
        return function->Apply(samples, state_, series);
      },
      [&](const SeriesCursor& cursor, const GridSeries& series) {
        notes.See(cursor.LabelValue(storage::kMetricNameLabel), series);
        return visit(cursor, series);
      }));
  notes.TellTo(state_, Place(argument));
  return absl::OkStatus();
}

bool Evaluator::IsStreamed(const Expr& expr) {
  const Expr& inner = WithoutParentheses(expr);
  if (std::holds_alternative<VectorSelector>(inner.node)) return true;
  const auto* call = std::get_if<Call>(&inner.node);
  return call != nullptr && IsRangeFunction(call->function->name) &&
         std::holds_alternative<RangeSelector>(WithoutParentheses(RangeArgument(*call)).node);
}

absl::Status Evaluator::Stream(const Expr& expr, absl::string_view function, VisitSeries visit) {
  const Expr& inner = WithoutParentheses(expr);
  function_above_ = std::string(function);
  if (const auto* selector = std::get_if<VectorSelector>(&inner.node)) {
    return StreamSelector(*selector, SelectorValue::kValue, visit);
  }
  return StreamRangeFunction(std::get<Call>(inner.node), visit);
}

absl::StatusOr<VectorGrid> Evaluator::Select(const VectorSelector& selector, SelectorValue wanted) {
  VectorGrid result;
  const auto collect = [&](const SeriesCursor& cursor, const GridSeries& series) {
    result.push_back(series);
    result.back().labels = cursor.labels();
    return state_.CheckSize(result.size(), grid_.count);
  };
  ORA_RETURN_IF_ERROR(StreamSelector(selector, wanted, collect));
  return result;
}

absl::StatusOr<WindowGrid> Evaluator::SelectWindows(const RangeSelector& range) {
  WindowGrid windows;
  windows.range_millis = range.range_millis;
  windows.ends_millis = ShiftedTimes(range.selector.shift);
  SelectRequest request = RequestFor(range.selector, windows.ends_millis, range.range_millis);
  request.hints.range_millis = range.range_millis;
  ORA_ASSIGN_OR_RETURN(const std::unique_ptr<SeriesCursor> cursor, state_.reader().Select(request));
  state_.CountSeries(cursor->series_count());
  while (cursor->Next()) {
    ORA_RETURN_IF_ERROR(state_.CheckAlive());
    WindowSeries series;
    ORA_RETURN_IF_ERROR(cursor->ReadSamples(series.samples));
    ORA_RETURN_IF_ERROR(state_.CountSamples(series.samples.size()));
    RemoveStaleMarkers(series.samples);
    if (series.samples.size() == 0) continue;
    series.labels = cursor->labels();
    windows.series.push_back(std::move(series));
  }
  for (const std::string& warning : cursor->warnings()) state_.Warn(warning);
  return windows;
}

absl::StatusOr<WindowGrid> Evaluator::SubqueryWindows(const Subquery& subquery) {
  const int64_t step =
      subquery.step_millis != 0 ? subquery.step_millis : state_.context().subquery_step_millis;
  WindowGrid windows;
  windows.range_millis = subquery.range_millis;
  windows.ends_millis = ShiftedTimes(subquery.shift);
  const int64_t first =
      FloorToMultiple(windows.ends_millis.front() - subquery.range_millis, step) + step;
  if (first > windows.ends_millis.back()) return windows;
  const auto count = static_cast<size_t>((windows.ends_millis.back() - first) / step + 1);
  ORA_RETURN_IF_ERROR(state_.CheckSize(1, count));
  Evaluator inner(state_, text_, {first, step, count});
  ORA_ASSIGN_OR_RETURN(VectorGrid grid, inner.EvaluateVector(*subquery.inner, ""));
  for (GridSeries& series : grid) {
    ORA_RETURN_IF_ERROR(state_.CheckAlive());
    WindowSeries seen;
    seen.labels = std::move(series.labels);
    seen.drop_name = series.drop_name;
    series.present.ForEach([&](size_t at) {
      seen.samples.time_millis.push_back(first + static_cast<int64_t>(at) * step);
      seen.samples.values.push_back(series.values[at]);
    });
    if (seen.samples.size() != 0) windows.series.push_back(std::move(seen));
  }
  return windows;
}

absl::StatusOr<WindowGrid> Evaluator::EvaluateWindows(const Expr& expr,
                                                      absl::string_view function) {
  function_above_ = std::string(function);
  const Expr& inner = WithoutParentheses(expr);
  if (const auto* range = std::get_if<RangeSelector>(&inner.node)) return SelectWindows(*range);
  return SubqueryWindows(std::get<Subquery>(inner.node));
}

}  // namespace ora::promql
