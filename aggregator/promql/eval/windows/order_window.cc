#include "aggregator/promql/eval/windows/order_window.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "aggregator/promql/eval/statistics.h"

namespace ora::promql {

void OrderWindow::Begin(absl::Span<const double> values) {
  values_ = values;
  order_.resize(values.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::sort(order_.begin(), order_.end(),
            [&](uint32_t a, uint32_t b) { return RanksBefore(values[a], values[b]); });
  sorted_.resize(values.size());
  places_.resize(values.size());
  for (size_t place = 0; place < order_.size(); ++place) {
    sorted_[place] = values[order_[place]];
    places_[order_[place]] = static_cast<uint32_t>(place);
  }
  counts_.assign(values.size() + 1, 0);
  top_ = std::bit_floor(std::max<size_t>(values.size(), 1));
  begin_ = end_ = not_finite_ = 0;
}

void OrderWindow::Count(size_t at, int32_t change) {
  if (!std::isfinite(values_[at])) not_finite_ += static_cast<size_t>(change);
  for (size_t i = places_[at] + 1; i < counts_.size(); i += i & (~i + 1)) counts_[i] += change;
}

void OrderWindow::MoveTo(size_t begin, size_t end) {
  for (; begin_ < std::min(begin, end_); ++begin_) Count(begin_, -1);
  begin_ = begin;  // What lies between two windows is never counted.
  for (end_ = std::max(end_, begin); end_ < end; ++end_) Count(end_, 1);
}

double OrderWindow::At(size_t rank) const {
  size_t place = 0;
  auto left = static_cast<int32_t>(rank);
  for (size_t step = top_; step != 0; step /= 2) {
    if (place + step < counts_.size() && counts_[place + step] <= left) {
      place += step;
      left -= counts_[place];
    }
  }
  return sorted_[place];
}

double OrderWindow::QuantileOf(double q) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q < 0) return -kInfinity;
  if (q > 1) return kInfinity;
  const QuantileRank rank(q, size());
  const double lower = At(rank.lower);
  return rank.Between(lower, rank.upper == rank.lower ? lower : At(rank.upper));
}

size_t OrderWindow::CountUpTo(double bound) const {
  const auto after = std::upper_bound(sorted_.begin(), sorted_.end(), bound, RanksBefore);
  size_t count = 0;
  for (auto i = static_cast<size_t>(after - sorted_.begin()); i != 0; i &= i - 1) {
    count += static_cast<size_t>(counts_[i]);
  }
  return count;
}

// Those below go away from the median downward, those above upward: the first rank + 1 of both are
// so many of the one and the rest of the other.
double OrderWindow::DistanceAt(double median, size_t below, size_t rank) const {
  const size_t above = size() - below;
  const auto down = [&](size_t i) { return median - At(below - 1 - i); };
  const auto up = [&](size_t i) { return At(below + i) - median; };
  const size_t wanted = rank + 1;
  size_t low = wanted > above ? wanted - above : 0;
  size_t high = std::min(wanted, below);
  while (low < high) {  // The fewest of those below with which all that are left out are no nearer.
    const size_t taken = low + (high - low) / 2;
    if (down(taken) < up(wanted - taken - 1)) {
      low = taken + 1;
    } else {
      high = taken;
    }
  }
  const size_t taken_above = wanted - low;
  if (low == 0) return up(taken_above - 1);
  if (taken_above == 0) return down(low - 1);
  return std::max(down(low - 1), up(taken_above - 1));
}

double OrderWindow::MedianDeviation() const {
  constexpr double kMiddle = 0.5;
  const double median = QuantileOf(kMiddle);
  const size_t below = CountUpTo(median);
  const QuantileRank rank(kMiddle, size());
  const double lower = DistanceAt(median, below, rank.lower);
  return rank.Between(lower,
                      rank.upper == rank.lower ? lower : DistanceAt(median, below, rank.upper));
}

}  // namespace ora::promql
