// Spread, regression and the time of an extreme, as folds: pieces keep their moments about their
// own means, so that neither large means nor long series cost digits when pieces are joined.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "aggregator/promql/eval/statistics.h"
#include "aggregator/promql/eval/windows/window_folds.h"

namespace ora::promql {

enum class Spread { kStddev, kStdvar };

class SpreadFold : public StatelessFold {
 public:
  struct State {
    double count = 0;
    KahanSum mean;
    double squares = 0;  // Of the distances from the mean; NaN where a value is not finite.
  };

  explicit SpreadFold(Spread spread) : spread_(spread) {}

  static State Of(const SamplePiece& piece);
  static State Join(const State& older, const State& newer);
  FoldResult Result(const State& state, const SamplePiece&, size_t) const {
    const double variance = state.squares / state.count;
    return spread_ == Spread::kStddev ? std::sqrt(variance) : variance;
  }

 private:
  Spread spread_;
};

// Least squares. x is in seconds from the series' first sample.
class LineFold {
 public:
  struct State {
    double count = 0;
    double x = 0;  // Means.
    KahanSum y;
    double xx = 0;  // Sums of products of distances from the means; xy is NaN where a value is not
    double xy = 0;  // finite.
    double first = 0;
    bool constant = true;  // All values are the first.
  };

  void Begin(const SamplePiece& series) { origin_millis_ = series.times.front(); }
  State Of(const SamplePiece& piece) const;
  static State Join(const State& older, const State& newer);

 protected:
  double Seconds(int64_t time_millis) const {
    return static_cast<double>(time_millis - origin_millis_) / 1000;
  }
  // A constant has no slope; that of infinity is no number.
  static double Slope(const State& state) {
    if (!state.constant) return state.xy / state.xx;
    return std::isinf(state.first) ? std::numeric_limits<double>::quiet_NaN() : 0;
  }

 private:
  int64_t origin_millis_ = 0;
};

class DerivFold : public LineFold {
 public:
  FoldResult Result(const State& state, const SamplePiece&, size_t) const {
    if (state.count < 2) return std::nullopt;
    return Slope(state);
  }
};

class PredictFold : public LineFold {
 public:
  // `ahead` is in seconds, by step, from the step's own time; both must outlive the fold.
  PredictFold(const StepGrid& grid, const std::vector<double>& ahead)
      : grid_(&grid), ahead_(&ahead) {}

  FoldResult Result(const State& state, const SamplePiece& window, size_t step) const {
    if (state.count < 2) return std::nullopt;
    if (!std::isfinite(state.xy) || !std::isfinite((*ahead_)[step])) return OfWhole(window, step);
    const double slope = Slope(state);
    const double x = Seconds(grid_->At(step)) - state.x;
    if (state.constant && slope == 0) return state.first + slope * (*ahead_)[step];
    return slope * (*ahead_)[step] + (state.y.sum + state.y.compensation + slope * x);
  }

 private:
  // Where something is not finite: what comes out depends on how it is summed up.
  double OfWhole(const SamplePiece& window, size_t step) const;

  const StepGrid* grid_;
  const std::vector<double>* ahead_;
};

enum class Extreme { kMin, kMax };

// When the window was at its lowest or highest; of equal values the latest time. NaN only where
// all are.
template <Extreme extreme>
struct ExtremeTimeFold : StatelessFold {
  struct State {
    double value = 0;
    int64_t time_millis = 0;
  };

  static State Of(const SamplePiece& piece) {
    State best{piece.values[0], piece.times[0]};
    for (size_t i = 1; i < piece.values.size(); ++i) {
      best = Join(best, {piece.values[i], piece.times[i]});
    }
    return best;
  }
  static State Join(const State& older, const State& newer) {
    const bool better =
        extreme == Extreme::kMin ? newer.value <= older.value : newer.value >= older.value;
    return better || std::isnan(older.value) ? newer : older;
  }
  static FoldResult Result(const State& state, const SamplePiece&, size_t) {
    return static_cast<double>(state.time_millis) / 1000;
  }
};

}  // namespace ora::promql
