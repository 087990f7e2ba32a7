#include "aggregator/promql/eval/windows/range_functions.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "aggregator/promql/eval/windows/moment_folds.h"
#include "aggregator/promql/eval/windows/window_edges.h"
#include "aggregator/promql/eval/windows/window_folds.h"
#include "aggregator/promql/eval/windows/window_kernels.h"
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

// Windows may be long: between two questions whether the query is to end lie so many samples.
constexpr size_t kSamplesBetweenChecks = 100'000;

// A function that looks at each window as a whole.
template <typename Kernel>
class KernelFunction final : public WindowFunction {
 public:
  KernelFunction(const WindowFrame& frame, Kernel kernel)
      : frame_(frame), kernel_(std::move(kernel)) {}

  absl::Status Apply(const storage::SampleColumns& samples, const QueryState& state,
                     GridSeries& result) override {
    FindEdges(samples.time_millis, frame_.ends_millis, frame_.range_millis, edges_);
    kernel_.Begin(samples);
    size_t unchecked = 0;
    for (size_t step = 0; step < frame_.grid.count; ++step) {
      const size_t begin = edges_.begins[step];
      const size_t size = edges_.ends[step] - begin;
      if (size == 0) continue;
      unchecked += size;
      if (unchecked > kSamplesBetweenChecks) {
        ORA_RETURN_IF_ERROR(state.CheckAlive());
        unchecked = 0;
      }
      const int64_t end_millis = frame_.ends_millis[step];
      const Window window{samples.time_millis.data() + begin,
                          samples.values.data() + begin,
                          size,
                          begin,
                          end_millis - frame_.range_millis,
                          end_millis,
                          step,
                          frame_.grid.At(step)};
      if (const KernelResult value = kernel_(window)) result.Put(step, *value);
    }
    return absl::OkStatus();
  }

 private:
  const WindowFrame& frame_;
  Kernel kernel_;
  WindowEdges edges_;
};

// A function that follows from a window's parts.
template <typename Fold>
class FoldFunction final : public WindowFunction {
 public:
  explicit FoldFunction(const WindowFrame& frame, Fold fold = Fold())
      : frame_(frame), fold_(std::move(fold)) {}

  absl::Status Apply(const storage::SampleColumns& samples, const QueryState&,
                     GridSeries& result) override {
    FindEdges(samples.time_millis, frame_.ends_millis, frame_.range_millis, edges_);
    fold_.Slide({samples.time_millis, samples.values}, edges_, result);
    return absl::OkStatus();
  }

 private:
  const WindowFrame& frame_;
  WindowEdges edges_;
  SlidingFold<Fold> fold_;
};

bool LooksLikeCounter(absl::string_view name) {
  return absl::EndsWith(name, "_total") || absl::EndsWith(name, "_sum") ||
         absl::EndsWith(name, "_count") || absl::EndsWith(name, "_bucket");
}

bool WantsCounter(absl::string_view function) {
  return function == "rate" || function == "increase";
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

// Those whose windows are folded; null for the others.
std::unique_ptr<WindowFunction> MakeFold(absl::string_view function, const WindowFrame& frame,
                                         const ScalarArguments& scalars) {
  const auto made = [&](auto fold) -> std::unique_ptr<WindowFunction> {
    return std::make_unique<FoldFunction<decltype(fold)>>(frame, std::move(fold));
  };
  if (function == "sum_over_time") return made(SumFold());
  if (function == "avg_over_time") return made(AvgFold());
  if (function == "min_over_time") return made(MinFold());
  if (function == "max_over_time") return made(MaxFold());
  if (function == "stddev_over_time") return made(SpreadFold(Spread::kStddev));
  if (function == "stdvar_over_time") return made(SpreadFold(Spread::kStdvar));
  if (function == "deriv") return made(DerivFold());
  if (function == "predict_linear") return made(PredictFold(frame.grid, scalars[0]));
  if (function == "ts_of_min_over_time") return made(ExtremeTimeFold<Extreme::kMin>());
  if (function == "ts_of_max_over_time") return made(ExtremeTimeFold<Extreme::kMax>());
  return nullptr;
}

}  // namespace

bool IsRangeFunction(absl::string_view function) {
  return std::find(std::begin(kFunctions), std::end(kFunctions), function) != std::end(kFunctions);
}

bool KeepsName(absl::string_view function) {
  return function == "last_over_time" || function == "first_over_time";
}

void RangeFunctionNotes::See(absl::string_view name, const GridSeries& result) {
  if (WantsCounter(function_) && name != name_before_) {
    name_before_ = std::string(name);
    if (!name.empty() && !LooksLikeCounter(name)) suspects_.insert(name_before_);
  }
  if (function_ == "quantile_over_time") {
    if (present_.empty()) present_ = StepBits(result.values.size());
    present_.Add(result.present);
  }
}

void RangeFunctionNotes::TellTo(QueryState& state, absl::string_view place) const {
  for (const std::string& name : suspects_) {
    state.Inform(
        absl::StrCat("PromQL info: metric might not be a counter, name does not end in "
                     "_total/_sum/_count/_bucket: ",
                     Quote(name), " (", place, ")"));
  }
  present_.ForEach([&](size_t step) {
    const double q = scalars_[0][step];
    if (!IsOutsideQuantile(q)) return;
    state.Warn(QuantileWarning(q, place));
  });
}

absl::StatusOr<std::unique_ptr<WindowFunction>> MakeWindowFunction(absl::string_view function,
                                                                   const WindowFrame& frame,
                                                                   const ScalarArguments& scalars) {
  if (auto fold = MakeFold(function, frame, scalars)) return fold;
  const auto made = [&](auto kernel) -> std::unique_ptr<WindowFunction> {
    return std::make_unique<KernelFunction<decltype(kernel)>>(frame, std::move(kernel));
  };
  const int64_t range = frame.range_millis;
  if (function == "rate") return made(RateKernel(RateKind::kRate, range));
  if (function == "increase") return made(RateKernel(RateKind::kIncrease, range));
  if (function == "delta") return made(RateKernel(RateKind::kDelta, range));
  if (function == "irate") return made(InstantRateKernel(InstantRateKind::kIrate));
  if (function == "idelta") return made(InstantRateKernel(InstantRateKind::kIdelta));
  if (function == "changes") return made(PairCountKernel(CountedPairs::kChanges));
  if (function == "resets") return made(PairCountKernel(CountedPairs::kResets));
  if (function == "count_over_time") return made(CountKernel());
  if (function == "last_over_time") return made(LastKernel());
  if (function == "ts_of_last_over_time") return made(LastTimeKernel());
  if (function == "present_over_time") return made(PresentKernel());
  const WindowOverlap overlap = OverlapOf(frame.grid, range);
  if (function == "mad_over_time") return made(MedianDeviationKernel(overlap));
  if (function == "quantile_over_time") return made(QuantileKernel(overlap, scalars[0]));
  if (function == "double_exponential_smoothing") {
    ORA_RETURN_IF_ERROR(CheckFactors("smoothing", scalars[0]));
    ORA_RETURN_IF_ERROR(CheckFactors("trend", scalars[1]));
    return made(SmoothingKernel(scalars[0], scalars[1]));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("function ", Quote(function), " is not supported"));
}

}  // namespace ora::promql
