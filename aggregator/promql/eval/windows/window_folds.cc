#include "aggregator/promql/eval/windows/window_folds.h"

#include <algorithm>
#include <cstring>

#include "storage/wide_registers.h"

namespace ora::promql {
namespace {

// Numbers that are computed with at once.
using Lanes [[gnu::vector_size(32)]] = double;
constexpr size_t kLanes = sizeof(Lanes) / sizeof(double);
// Several of them beside each other, so that no addition waits for the one before.
constexpr size_t kBlock = 4 * kLanes;

// The values are taken four at a time; `better` says whether its first number is to be kept.
template <typename Better>
double BestOf(absl::Span<const double> values, double worst, Better better) {
  constexpr size_t kBeside = 4;
  double best[kBeside] = {worst, worst, worst, worst};
  size_t i = 0;
  for (; i + kBeside <= values.size(); i += kBeside) {
    for (size_t lane = 0; lane < kBeside; ++lane) {
      const double value = values.data()[i + lane];                 // Its bounds are known.
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
  if (values.size() >= kBlock) {
    Lanes sums[kBlock / kLanes] = {};
    Lanes lost[kBlock / kLanes] = {};
    for (; i + kBlock <= values.size(); i += kBlock) {
      for (size_t part = 0; part < kBlock / kLanes; ++part) {
        // What an addition loses, exactly, without asking which of the two is larger (Knuth).
        Lanes value;
        std::memcpy(&value, values.data() + i + part * kLanes, sizeof(value));
        const Lanes next = sums[part] + value;
        const Lanes taken = next - sums[part];
        lost[part] += (sums[part] - (next - taken)) + (value - taken);
        sums[part] = next;
      }
    }
    for (size_t lane = 0; lane < kBlock; ++lane) {
      total =
          JoinSums(total, {sums[lane / kLanes][lane % kLanes], lost[lane / kLanes][lane % kLanes]});
    }
  }
  for (; i < values.size(); ++i) total.Add(values[i]);
  return total;
}

bool HasNanOnce(absl::Span<const double> values) {
  size_t i = 0;
  auto differs = Lanes{} != Lanes{};  // From themselves, as no number does.
  for (; i + kLanes <= values.size(); i += kLanes) {
    Lanes value;
    std::memcpy(&value, values.data() + i, sizeof(value));
    differs |= value != value;
  }
  bool any = false;
  for (size_t lane = 0; lane < kLanes; ++lane) any |= differs[lane] != 0;
  for (; i < values.size(); ++i) any |= std::isnan(values[i]);
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
