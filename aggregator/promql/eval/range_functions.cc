#include "aggregator/promql/eval/range_functions.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "aggregator/promql/eval/window_kernels.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/status/status_macros.h"

namespace ora::promql {
namespace {

constexpr absl::string_view kFunctions[] = {
    "rate",
    "increase",
    "delta",
    "irate",
    "idelta",
    "changes",
    "resets",
    "sum_over_time",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "count_over_time",
    "last_over_time",
    "present_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "quantile_over_time",
    "mad_over_time",
    "ts_of_min_over_time",
    "ts_of_max_over_time",
    "ts_of_last_over_time",
    "deriv",
    "predict_linear",
    "double_exponential_smoothing",
};

// Windows may be long: between two questions whether the query is to end lie so many of them.
constexpr size_t kStepsBetweenChecks = 256;

template <typename Kernel>
absl::StatusOr<GridSeries> Slide(const WindowSeries& series, const WindowGrid& windows,
                                 const StepGrid& grid, const QueryState& state, Kernel& kernel) {
  GridSeries result(series.labels, grid.count);
  result.drop_name = series.drop_name;
  const std::vector<int64_t>& times = series.samples.time_millis;
  const double* const values = series.samples.values.data();
  kernel.Begin(series.samples);
  size_t begin = 0;
  size_t end = 0;
  for (size_t step = 0; step < grid.count; ++step) {
    if (step % kStepsBetweenChecks == 0) ORA_RETURN_IF_ERROR(state.CheckAlive());
    const int64_t end_millis = windows.ends_millis[step];
    const int64_t start_millis = end_millis - windows.range_millis;
    while (end < times.size() && times[end] <= end_millis) ++end;
    while (begin < end && times[begin] <= start_millis) ++begin;
    if (begin == end) continue;
    const Window window{times.data() + begin, values + begin, end - begin, begin,
                        start_millis,         end_millis,     step,        grid.At(step)};
    if (const KernelResult value = kernel(window)) result.Put(step, *value);
  }
  return result;
}

template <typename Kernel>
absl::StatusOr<VectorGrid> SlideAll(const WindowGrid& windows, const StepGrid& grid,
                                    QueryState& state, Kernel kernel) {
  ORA_RETURN_IF_ERROR(state.CheckSize(windows.series.size(), grid.count));
  VectorGrid result;
  result.reserve(windows.series.size());
  for (const WindowSeries& series : windows.series) {
    ORA_ASSIGN_OR_RETURN(GridSeries slid, Slide(series, windows, grid, state, kernel));
    if (slid.present.Any()) result.push_back(std::move(slid));
  }
  return result;
}

bool LooksLikeCounter(absl::string_view name) {
  return absl::EndsWith(name, "_total") || absl::EndsWith(name, "_sum") ||
         absl::EndsWith(name, "_count") || absl::EndsWith(name, "_bucket");
}

void NoteNonCounters(const VectorGrid& result, absl::string_view place, QueryState& state) {
  for (const GridSeries& series : result) {
    const absl::string_view name = series.labels.Get(storage::kMetricNameLabel);
    if (name.empty() || LooksLikeCounter(name)) continue;
    state.Inform(
        absl::StrCat("PromQL info: metric might not be a counter, name does not end in "
                     "_total/_sum/_count/_bucket: ",
                     Quote(name), " (", place, ")"));
  }
}

absl::Status CheckFactors(absl::string_view name, const ScalarGrid& factors) {
  for (const double factor : factors) {
    if (factor > 0 && factor < 1) continue;
    return absl::InvalidArgumentError(
        absl::StrFormat("invalid %s factor. Expected: 0 < %s < 1, got: %f", name,
                        name == "trend" ? "tf" : "sf", factor));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsRangeFunction(absl::string_view function) {
  for (const absl::string_view known : kFunctions) {
    if (known == function) return true;
  }
  return false;
}

absl::StatusOr<VectorGrid> ApplyRangeFunction(absl::string_view function, const WindowGrid& windows,
                                              const ScalarArguments& scalars,
                                              absl::string_view place, const StepGrid& grid,
                                              QueryState& state) {
  const auto slide = [&](auto kernel) { return SlideAll(windows, grid, state, std::move(kernel)); };
  if (function == "rate" || function == "increase") {
    const RateKind kind = function == "rate" ? RateKind::kRate : RateKind::kIncrease;
    absl::StatusOr<VectorGrid> result = slide(RateKernel(kind, windows.range_millis));
    if (result.ok()) NoteNonCounters(*result, place, state);
    return result;
  }
  if (function == "delta") return slide(RateKernel(RateKind::kDelta, windows.range_millis));
  if (function == "irate") return slide(InstantRateKernel(InstantRateKind::kIrate));
  if (function == "idelta") return slide(InstantRateKernel(InstantRateKind::kIdelta));
  if (function == "changes") return slide(ChangesKernel());
  if (function == "resets") return slide(ResetsKernel());
  if (function == "sum_over_time") return slide(SumKernel());
  if (function == "avg_over_time") return slide(AvgKernel());
  if (function == "min_over_time")
    return slide(ExtremeKernel(Extreme::kMin, ExtremeResult::kValue));
  if (function == "max_over_time")
    return slide(ExtremeKernel(Extreme::kMax, ExtremeResult::kValue));
  if (function == "ts_of_min_over_time") {
    return slide(ExtremeKernel(Extreme::kMin, ExtremeResult::kTime));
  }
  if (function == "ts_of_max_over_time") {
    return slide(ExtremeKernel(Extreme::kMax, ExtremeResult::kTime));
  }
  if (function == "count_over_time") return slide(CountKernel());
  if (function == "last_over_time") return slide(LastKernel());
  if (function == "ts_of_last_over_time") return slide(LastTimeKernel());
  if (function == "present_over_time") return slide(PresentKernel());
  if (function == "stddev_over_time") return slide(SpreadKernel(Spread::kStddev));
  if (function == "stdvar_over_time") return slide(SpreadKernel(Spread::kStdvar));
  if (function == "mad_over_time") return slide(MedianDeviationKernel());
  if (function == "deriv") return slide(DerivKernel());
  if (function == "predict_linear") return slide(PredictKernel(scalars[0]));
  if (function == "quantile_over_time") {
    absl::StatusOr<VectorGrid> result = slide(QuantileKernel(scalars[0]));
    if (!result.ok()) return result;
    for (const GridSeries& series : *result) {
      series.present.ForEach([&](size_t step) {
        if (!IsOutsideQuantile(scalars[0][step])) return;
        state.Warn(
            absl::StrFormat("PromQL warning: quantile value should be between 0 and 1, got %g (%s)",
                            scalars[0][step], place));
      });
    }
    return result;
  }
  if (function == "double_exponential_smoothing") {
    ORA_RETURN_IF_ERROR(CheckFactors("smoothing", scalars[0]));
    ORA_RETURN_IF_ERROR(CheckFactors("trend", scalars[1]));
    return slide(SmoothingKernel(scalars[0], scalars[1]));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("function ", Quote(function), " is not supported"));
}

}  // namespace ora::promql
