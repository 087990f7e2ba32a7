// Selectors and subqueries: where samples enter an evaluation.
#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/eval/evaluator.h"
#include "proto/status/status_macros.h"

namespace ora::promql {
namespace {

using storage::SampleColumns;
using storage::SelectRequest;
using storage::SeriesCursor;

struct MinMax {
  int64_t min;
  int64_t max;
};

MinMax Bounds(const std::vector<int64_t>& times) {
  const auto [min, max] = std::minmax_element(times.begin(), times.end());
  return {*min, *max};
}

void RemoveStaleMarkers(SampleColumns& samples) {
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

absl::StatusOr<VectorGrid> Evaluator::Select(const VectorSelector& selector, SelectorValue wanted) {
  const int64_t lookback = state_.context().lookback_millis;
  const std::vector<int64_t> times = ShiftedTimes(selector.shift);
  const MinMax bounds = Bounds(times);
  SelectRequest request;
  request.matchers = selector.matchers;
  request.range = {bounds.min - lookback + 1, bounds.max};
  request.hints.step_millis = grid_.count > 1 ? grid_.step_millis : 0;
  request.hints.function = function_above_;
  request.series_max = state_.context().limits.series_max;
  ORA_ASSIGN_OR_RETURN(const std::unique_ptr<SeriesCursor> cursor, state_.reader().Select(request));
  state_.CountSeries(cursor->series_count());
  ORA_RETURN_IF_ERROR(state_.CheckSize(cursor->series_count(), grid_.count));
  VectorGrid result;
  SampleColumns samples;
  while (cursor->Next()) {
    ORA_RETURN_IF_ERROR(state_.CheckAlive());
    ORA_RETURN_IF_ERROR(cursor->ReadSamples(samples));
    ORA_RETURN_IF_ERROR(state_.CountSamples(samples.size()));
    if (samples.size() == 0) continue;
    GridSeries series(cursor->labels(), grid_.count);
    size_t end = 0;  // Past the newest sample that the step may see.
    for (size_t step = 0; step < grid_.count; ++step) {
      while (end < samples.size() && samples.time_millis[end] <= times[step]) ++end;
      if (end == 0 || samples.time_millis[end - 1] <= times[step] - lookback) continue;
      if (storage::IsStaleMarker(samples.values[end - 1])) continue;
      series.Put(step, wanted == SelectorValue::kValue
                           ? samples.values[end - 1]
                           : static_cast<double>(samples.time_millis[end - 1]) / 1000);
    }
    if (series.present.Any()) result.push_back(std::move(series));
  }
  for (const std::string& warning : cursor->warnings()) state_.Warn(warning);
  return result;
}

absl::StatusOr<WindowGrid> Evaluator::SelectWindows(const RangeSelector& range) {
  WindowGrid windows;
  windows.range_millis = range.range_millis;
  windows.ends_millis = ShiftedTimes(range.selector.shift);
  const MinMax bounds = Bounds(windows.ends_millis);
  SelectRequest request;
  request.matchers = range.selector.matchers;
  request.range = {bounds.min - range.range_millis + 1, bounds.max};
  request.hints.step_millis = grid_.count > 1 ? grid_.step_millis : 0;
  request.hints.range_millis = range.range_millis;
  request.hints.function = function_above_;
  request.series_max = state_.context().limits.series_max;
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
  constexpr int64_t kDefaultStepMillis = 60'000;
  const int64_t step = subquery.step_millis != 0 ? subquery.step_millis : kDefaultStepMillis;
  WindowGrid windows;
  windows.range_millis = subquery.range_millis;
  windows.ends_millis = ShiftedTimes(subquery.shift);
  const MinMax bounds = Bounds(windows.ends_millis);
  const int64_t first = FloorToMultiple(bounds.min - subquery.range_millis, step) + step;
  if (first > bounds.max) return windows;
  const auto count = static_cast<size_t>((bounds.max - first) / step + 1);
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
