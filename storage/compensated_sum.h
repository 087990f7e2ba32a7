// Neumaier's sum, as PromQL's sum_over_time computes it: tiers and queries add alike.
#pragma once

#include <cmath>

namespace ora::storage {

// `compensation` holds what the additions lost.
struct CompensatedSum {
  double sum = 0;
  double compensation = 0;

  void Add(double value) {
    const double next = sum + value;
    if (std::isinf(next)) {
      compensation = 0;
    } else if (std::fabs(sum) >= std::fabs(value)) {
      compensation += (sum - next) + value;
    } else {
      compensation += (value - next) + sum;
    }
    sum = next;
  }
  double Total() const { return std::isinf(sum) ? sum : sum + compensation; }
};

}  // namespace ora::storage
