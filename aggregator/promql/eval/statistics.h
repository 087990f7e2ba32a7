// Sums and quantiles as Prometheus computes them, to the last bits.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "storage/compensated_sum.h"

namespace ora::promql {

using KahanSum = storage::CompensatedSum;

// A mean that survives a sum past the largest double: from there on it is computed step by step.
class RunningMean {
 public:
  void Add(double value) {
    count_ += 1;
    if (count_ == 1) {
      state_.sum = value;
      return;
    }
    if (!incremental_) {
      KahanSum next = state_;
      next.Add(value);
      if (!std::isinf(next.sum)) {
        state_ = next;
        return;
      }
      incremental_ = true;
      state_.sum /= count_ - 1;
      state_.compensation /= count_ - 1;
    }
    const double share = (count_ - 1) / count_;
    state_.sum *= share;
    state_.compensation *= share;
    state_.Add(value / count_);
  }

  double Mean() const {
    if (incremental_) return state_.sum + state_.compensation;
    return state_.sum / count_ + state_.compensation / count_;
  }

 private:
  KahanSum state_;  // The sum, or the mean once `incremental_`.
  double count_ = 0;
  bool incremental_ = false;
};

// The order of quantiles: NaN before all numbers.
inline bool RanksBefore(double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; }

// Which of `count` values, at least one, a quantile lies between; `q` is from 0 to 1.
struct QuantileRank {
  QuantileRank(double q, size_t count) {
    const double rank = q * static_cast<double>(count - 1);
    lower = static_cast<size_t>(rank);
    upper = lower + 1 < count ? lower + 1 : count - 1;
    weight = rank - std::floor(rank);
  }
  double Between(double lower_value, double upper_value) const {
    return lower_value * (1 - weight) + upper_value * weight;
  }

  size_t lower = 0;
  size_t upper = 0;
  double weight = 0;  // Of the upper.
};

// The q-quantile with linear interpolation; NaN counts as the smallest. Reorders `values`.
double Quantile(double q, std::vector<double>& values);

// Of a parameter that is out of range; `place` is where it stands in the text.
std::string QuantileWarning(double q, absl::string_view place);

// Whether a quantile's parameter deserves a warning.
inline bool IsOutsideQuantile(double q) { return !(q >= 0 && q <= 1); }

}  // namespace ora::promql
