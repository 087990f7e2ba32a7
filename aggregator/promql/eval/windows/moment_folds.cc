#include "aggregator/promql/eval/windows/moment_folds.h"

#include <algorithm>

namespace ora::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double DistanceOf(const KahanSum& from, double value) {
  return value - from.sum - from.compensation;
}

KahanSum MeanOf(absl::Span<const double> values) {
  KahanSum sum = SumOf(values);
  const auto count = static_cast<double>(values.size());
  if (std::isfinite(sum.sum)) {
    KahanSum mean;
    mean.Add(sum.sum / count);
    // What the division left over, so that large numbers' distances from it are exact enough.
    mean.compensation += (std::fma(-mean.sum, count, sum.sum) + sum.compensation) / count;
    return mean;
  }
  RunningMean running;  // It may be the sum alone that is too large.
  for (const double value : values) running.Add(value);
  KahanSum mean;
  mean.Add(running.Mean());
  return mean;
}

// What two pieces' sums of products gain when they are joined, by the distances of their means.
double Between(double older_count, double newer_count) {
  return older_count * (newer_count / (older_count + newer_count));
}

double Distance(const KahanSum& from, const KahanSum& to) {
  return (to.sum - from.sum) + (to.compensation - from.compensation);
}

KahanSum JoinMeans(const KahanSum& older, double distance, double share) {
  KahanSum mean = older;
  mean.Add(distance * share);
  return mean;
}

}  // namespace

SpreadFold::State SpreadFold::Of(const SamplePiece& piece) {
  State state;
  state.count = static_cast<double>(piece.values.size());
  if (piece.values.size() == 1) {
    state.mean.sum = piece.values[0];
    state.squares = std::isfinite(piece.values[0]) ? 0 : kNan;
    return state;
  }
  state.mean = MeanOf(piece.values);
  KahanSum squares;
  KahanSum distances;  // They would be 0 if the mean were exact.
  for (const double value : piece.values) {
    const double distance = DistanceOf(state.mean, value);
    distances.Add(distance);
    squares.Add(distance * distance);
  }
  const double left = distances.Total();
  state.squares = squares.Total() - left * left / state.count;
  if (!std::isfinite(state.mean.sum)) state.squares = kNan;
  return state;
}

SpreadFold::State SpreadFold::Join(const State& older, const State& newer) {
  State joined;
  joined.count = older.count + newer.count;
  const double distance = Distance(older.mean, newer.mean);
  joined.mean = JoinMeans(older.mean, distance, newer.count / joined.count);
  joined.squares =
      older.squares + newer.squares + distance * distance * Between(older.count, newer.count);
  return joined;
}

LineFold::State LineFold::Of(const SamplePiece& piece) const {
  State state;
  state.count = static_cast<double>(piece.values.size());
  state.first = piece.values[0];
  if (piece.values.size() == 1) {
    state.x = Seconds(piece.times[0]);
    state.y.sum = piece.values[0];
    state.xy = std::isfinite(piece.values[0]) ? 0 : kNan;
    return state;
  }
  KahanSum seconds;
  for (const int64_t time : piece.times) seconds.Add(Seconds(time));
  state.x = seconds.Total() / state.count;
  state.y = MeanOf(piece.values);
  KahanSum xx;
  KahanSum xy;
  for (size_t i = 0; i < piece.values.size(); ++i) {
    const double x = Seconds(piece.times[i]) - state.x;
    xx.Add(x * x);
    xy.Add(x * DistanceOf(state.y, piece.values[i]));
    state.constant &= piece.values[i] == state.first;
  }
  state.xx = xx.Total();
  state.xy = std::isfinite(state.y.sum) ? xy.Total() : kNan;
  return state;
}

double PredictFold::OfWhole(const SamplePiece& window, size_t step) const {
  if (std::isinf(window.values[0]) &&
      std::all_of(window.values.begin(), window.values.end(),
                  [&](double value) { return value == window.values[0]; })) {
    return kNan;
  }
  KahanSum x;
  KahanSum y;
  KahanSum xx;
  KahanSum xy;
  for (size_t i = 0; i < window.values.size(); ++i) {
    const double seconds = static_cast<double>(window.times[i] - grid_->At(step)) / 1000;
    x.Add(seconds);
    y.Add(window.values[i]);
    xx.Add(seconds * seconds);
    xy.Add(seconds * window.values[i]);
  }
  const auto count = static_cast<double>(window.values.size());
  const double sum_x = x.sum + x.compensation;
  const double sum_y = y.sum + y.compensation;
  const double slope = (xy.sum + xy.compensation - sum_x * sum_y / count) /
                       (xx.sum + xx.compensation - sum_x * sum_x / count);
  return slope * (*ahead_)[step] + (sum_y / count - slope * sum_x / count);
}

LineFold::State LineFold::Join(const State& older, const State& newer) {
  State joined;
  joined.count = older.count + newer.count;
  const double share = newer.count / joined.count;
  const double x = newer.x - older.x;
  const double y = Distance(older.y, newer.y);
  const double between = Between(older.count, newer.count);
  joined.x = older.x + x * share;
  joined.y = JoinMeans(older.y, y, share);
  joined.xx = older.xx + newer.xx + x * x * between;
  joined.xy = older.xy + newer.xy + x * y * between;
  joined.first = older.first;
  joined.constant = older.constant && newer.constant && older.first == newer.first;
  return joined;
}

}  // namespace ora::promql
