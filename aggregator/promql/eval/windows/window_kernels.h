// What each range function makes of one window.
//
// A kernel is called with the windows of one series from the first step to the last, after Begin
// with the whole series. It answers with nothing where the window has too few samples.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "aggregator/promql/eval/statistics.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/eval/windows/order_window.h"
#include "storage/sample.h"

namespace ora::promql {

struct Window {
  const int64_t* times;
  const double* values;
  size_t size;           // At least 1.
  size_t begin;          // Index of the first sample in the series.
  int64_t start_millis;  // Not included.
  int64_t end_millis;
  size_t step;
  int64_t step_millis;  // The step's own time, without offset and @.

  double First() const { return values[0]; }
  double Last() const { return values[size - 1]; }
};

using KernelResult = std::optional<double>;

// For kernels that need nothing but the window.
struct StatelessKernel {
  void Begin(const storage::SampleColumns&) {}
};

enum class RateKind { kRate, kIncrease, kDelta };

// Extrapolates the change within the window to its edges, as Prometheus 3 does.
class RateKernel {
 public:
  RateKernel(RateKind kind, int64_t range_millis) : kind_(kind), range_millis_(range_millis) {}

  void Begin(const storage::SampleColumns& samples) {
    resets_.clear();
    first_reset_ = 0;
    last_begin_ = 0;
    if (kind_ == RateKind::kDelta) return;
    const std::vector<double>& values = samples.values;
    for (size_t i = 1; i < values.size(); ++i) {
      if (values[i] < values[i - 1]) resets_.push_back({i, values[i - 1]});
    }
  }

  KernelResult operator()(const Window& window) {
    if (window.size < 2) return std::nullopt;
    const double change = Change(window);
    const double sampled = Seconds(window.times[window.size - 1] - window.times[0]);
    const double average = sampled / static_cast<double>(window.size - 1);
    const double threshold = average * 1.1;
    double to_start = Seconds(window.times[0] - window.start_millis);
    double to_end = Seconds(window.end_millis - window.times[window.size - 1]);
    if (to_start >= threshold) to_start = average / 2;
    if (kind_ != RateKind::kDelta && change > 0 && window.First() >= 0) {
      // A counter does not begin below zero.
      to_start = std::min(to_start, sampled * (window.First() / change));
    }
    if (to_end >= threshold) to_end = average / 2;
    double factor = (sampled + to_start + to_end) / sampled;
    if (kind_ == RateKind::kRate) factor /= Seconds(range_millis_);
    return change * factor;
  }

 private:
  struct Reset {
    size_t at;  // Index of the first sample after the drop.
    double lost;
  };

  static double Seconds(int64_t millis) { return static_cast<double>(millis) / 1000; }

  double Change(const Window& window) {
    double change = window.Last() - window.First();
    if (window.begin < last_begin_) first_reset_ = 0;
    last_begin_ = window.begin;
    while (first_reset_ < resets_.size() && resets_[first_reset_].at <= window.begin) {
      ++first_reset_;
    }
    for (size_t i = first_reset_; i < resets_.size() && resets_[i].at < window.begin + window.size;
         ++i) {
      change += resets_[i].lost;
    }
    return change;
  }

  const RateKind kind_;
  const int64_t range_millis_;
  std::vector<Reset> resets_;
  size_t first_reset_ = 0;  // The first that may lie in a window.
  size_t last_begin_ = 0;
};

enum class InstantRateKind { kIrate, kIdelta };

struct InstantRateKernel : StatelessKernel {
  explicit InstantRateKernel(InstantRateKind rate_kind) : kind(rate_kind) {}

  KernelResult operator()(const Window& window) const {
    if (window.size < 2) return std::nullopt;
    const double last = window.Last();
    const double before = window.values[window.size - 2];
    const int64_t apart = window.times[window.size - 1] - window.times[window.size - 2];
    if (apart == 0) return std::nullopt;
    if (kind == InstantRateKind::kIdelta) return last - before;
    return (last < before ? last : last - before) / (static_cast<double>(apart) / 1000);
  }

  InstantRateKind kind;
};

enum class CountedPairs { kChanges, kResets };

// Counts neighbours within the window, from counts up to each sample.
class PairCountKernel {
 public:
  explicit PairCountKernel(CountedPairs pairs) : pairs_(pairs) {}

  void Begin(const storage::SampleColumns& samples) {
    const std::vector<double>& values = samples.values;
    counts_.resize(values.size());
    uint32_t count = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0 && Counts(values[i - 1], values[i])) ++count;
      counts_[i] = count;
    }
  }

  KernelResult operator()(const Window& window) const {
    return counts_[window.begin + window.size - 1] - counts_[window.begin];
  }

 private:
  bool Counts(double a, double b) const {
    if (pairs_ == CountedPairs::kResets) return b < a;
    return a != b && !(std::isnan(a) && std::isnan(b));
  }

  const CountedPairs pairs_;
  std::vector<uint32_t> counts_;  // Of pairs whose second is this sample or one before.
};

struct CountKernel : StatelessKernel {
  KernelResult operator()(const Window& window) const { return static_cast<double>(window.size); }
};

struct PresentKernel : StatelessKernel {
  KernelResult operator()(const Window&) const { return 1; }
};

struct LastKernel : StatelessKernel {
  KernelResult operator()(const Window& window) const { return window.Last(); }
};

struct LastTimeKernel : StatelessKernel {
  KernelResult operator()(const Window& window) const {
    return static_cast<double>(window.times[window.size - 1]) / 1000;
  }
};

// How often a window's values are read rather than kept in order: below so many windows over each
// sample that costs less.
inline constexpr int64_t kReadsInOrderMin = 16;

enum class WindowOverlap { kLittle, kMuch };

// Of windows that begin `range_millis` before the steps.
inline WindowOverlap OverlapOf(const StepGrid& grid, int64_t range_millis) {
  const bool much =
      grid.count > kReadsInOrderMin && range_millis / grid.step_millis > kReadsInOrderMin;
  return much ? WindowOverlap::kMuch : WindowOverlap::kLittle;
}

struct QuantileKernel {
  QuantileKernel(WindowOverlap window_overlap, const std::vector<double>& each_q)
      : overlap(window_overlap), q(each_q) {}

  void Begin(const storage::SampleColumns& samples) {
    if (overlap == WindowOverlap::kMuch) order.Begin(samples.values);
  }
  KernelResult operator()(const Window& window) {
    if (overlap == WindowOverlap::kMuch) {
      order.MoveTo(window.begin, window.begin + window.size);
      return order.QuantileOf(q[window.step]);
    }
    scratch.assign(window.values, window.values + window.size);
    return Quantile(q[window.step], scratch);
  }

  WindowOverlap overlap;
  const std::vector<double>& q;
  OrderWindow order;
  std::vector<double> scratch;
};

struct MedianDeviationKernel {
  explicit MedianDeviationKernel(WindowOverlap window_overlap) : overlap(window_overlap) {}

  void Begin(const storage::SampleColumns& samples) {
    if (overlap == WindowOverlap::kMuch) order.Begin(samples.values);
  }
  KernelResult operator()(const Window& window) {
    if (overlap == WindowOverlap::kMuch) {
      order.MoveTo(window.begin, window.begin + window.size);
      if (order.not_finite() == 0) return order.MedianDeviation();
    }
    scratch.assign(window.values, window.values + window.size);
    const double median = Quantile(0.5, scratch);
    for (double& value : scratch) value = std::fabs(value - median);
    return Quantile(0.5, scratch);
  }

  WindowOverlap overlap;
  OrderWindow order;
  std::vector<double> scratch;
};

// Holt's linear method.
struct SmoothingKernel : StatelessKernel {
  SmoothingKernel(const std::vector<double>& each_smoothing, const std::vector<double>& each_trend)
      : smoothing(each_smoothing), trend(each_trend) {}

  KernelResult operator()(const Window& window) const {
    if (window.size < 2) return std::nullopt;
    const double sf = smoothing[window.step];
    const double tf = trend[window.step];
    double before = 0;
    double level = window.values[0];
    double slope = window.values[1] - window.values[0];
    for (size_t i = 1; i < window.size; ++i) {
      if (i > 1) slope = tf * (level - before) + (1 - tf) * slope;
      const double next = sf * window.values[i] + (1 - sf) * (level + slope);
      before = level;
      level = next;
    }
    return level;
  }

  const std::vector<double>& smoothing;
  const std::vector<double>& trend;
};

}  // namespace ora::promql
