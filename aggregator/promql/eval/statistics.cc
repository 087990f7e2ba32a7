#include "aggregator/promql/eval/statistics.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/parser/literals.h"

namespace ora::promql {

std::string QuantileWarning(double q, absl::string_view place) {
  return absl::StrCat("PromQL warning: quantile value should be between 0 and 1, got ",
                      FormatCompact(q), " (", place, ")");
}

double Quantile(double q, std::vector<double>& values) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (values.empty() || std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q < 0) return -kInfinity;
  if (q > 1) return kInfinity;
  std::sort(values.begin(), values.end(), [](double a, double b) {
    if (std::isnan(a)) return !std::isnan(b);
    return a < b;
  });
  const double last = static_cast<double>(values.size() - 1);
  const double rank = q * last;
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(last, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[static_cast<size_t>(lower)] * (1 - weight) +
         values[static_cast<size_t>(upper)] * weight;
}

}  // namespace ora::promql
