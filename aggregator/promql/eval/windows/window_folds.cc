#include "aggregator/promql/eval/windows/window_folds.h"

#include <algorithm>

#include "storage/wide_registers.h"

namespace ora::promql {
namespace {

// Sums that run beside each other, so that none waits for the one before.
constexpr size_t kLanes = 8;

// The values are taken four at a time; `better` says whether its first number is to be kept.
template <typename Better>
double BestOf(absl::Span<const double> values, double worst, Better better) {
  constexpr size_t kBeside = 4;
  double best[kBeside] = {worst, worst, worst, worst};
  size_t i = 0;
  for (; i + kBeside <= values.size(); i += kBeside) {
    for (size_t lane = 0; lane < kBeside; ++lane) {
      const double value = values[i + lane];
      best[lane] = better(value, best[lane]) ? value : best[lane];  // Never for a NaN.
    }
  }
  for (; i < values.size(); ++i) best[0] = better(values[i], best[0]) ? values[i] : best[0];
  for (size_t lane = 1; lane < kBeside; ++lane) {
    best[0] = better(best[lane], best[0]) ? best[lane] : best[0];
  }
  if (best[0] != worst) return best[0];
  const bool any =
      std::any_of(values.begin(), values.end(), [](double value) { return !std::isnan(value); });
  return any ? worst : values[0];
}

KahanSum SumOnce(absl::Span<const double> values) {
  KahanSum total;
  size_t i = 0;
  if (values.size() >= 2 * kLanes) {
    double sums[kLanes] = {};
    double lost[kLanes] = {};
    for (; i + kLanes <= values.size(); i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        // What an addition loses, exactly, without asking which of the two is larger (Knuth).
        const double value = values[i + lane];
        const double next = sums[lane] + value;
        const double taken = next - sums[lane];
        lost[lane] += (sums[lane] - (next - taken)) + (value - taken);
        sums[lane] = next;
      }
    }
    for (size_t lane = 0; lane < kLanes; ++lane) {
      total = JoinSums(total, {sums[lane], lost[lane]});
    }
  }
  for (; i < values.size(); ++i) total.Add(values[i]);
  return total;
}

bool HasNanOnce(absl::Span<const double> values) {
  bool any = false;
  for (const double value : values) any |= value != value;
  return any;
}

}  // namespace

KahanSum SumOf(absl::Span<const double> values) { return storage::CallFastest<SumOnce>(values); }

bool HasNan(absl::Span<const double> values) { return storage::CallFastest<HasNanOnce>(values); }

double LargestOf(absl::Span<const double> values) {
  return BestOf(values, -std::numeric_limits<double>::infinity(),
                [](double a, double b) { return a > b; });
}

double SmallestOf(absl::Span<const double> values) {
  return BestOf(values, std::numeric_limits<double>::infinity(),
                [](double a, double b) { return a < b; });
}

}  // namespace ora::promql
