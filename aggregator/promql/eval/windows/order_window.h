// The values of a window that slides over a series, by rank: quantiles without sorting each window.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace ora::promql {

// Every value has its place in the order of all the series' values, NaN before all; a tree of
// counts (Fenwick's) says which of them are in the window, and finds the k-th. Memory is used again
// from one series to the next. Takes 16 bytes a value.
class OrderWindow {
 public:
  // The window is empty. `values` must outlive its use.
  void Begin(absl::Span<const double> values);

  // The window holds the values from `begin` to before `end`, neither below the last one's.
  void MoveTo(size_t begin, size_t end);

  size_t size() const { return end_ - begin_; }
  // Infinities and NaNs in the window.
  size_t not_finite() const { return not_finite_; }

  // The value that has `rank` values of the window before it, which is below size().
  double At(size_t rank) const;

  // As Quantile of the window's values, which are not none.
  double QuantileOf(double q) const;

  // The median of the distances from the median. All values are finite.
  double MedianDeviation() const;

 private:
  void Count(size_t at, int32_t change);
  // How many values of the window are at most `bound`, which is a number.
  size_t CountUpTo(double bound) const;
  // The distance from `median` that `rank` others come before; `below` values are at most it.
  double DistanceAt(double median, size_t below, size_t rank) const;

  absl::Span<const double> values_;
  std::vector<double> sorted_;
  std::vector<uint32_t> places_;  // Of each value, in `sorted_`.
  std::vector<uint32_t> order_;   // The other way round.
  std::vector<int32_t> counts_;   // Fenwick's tree over the places, from 1 on.
  size_t top_ = 1;                // The largest power of two that is not above the count of values.
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t not_finite_ = 0;
};

}  // namespace ora::promql
