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
  const QuantileRank rank(q, values.size());
  const auto lower = values.begin() + static_cast<std::ptrdiff_t>(rank.lower);
  std::nth_element(values.begin(), lower, values.end(), RanksBefore);
  if (rank.upper == rank.lower) return rank.Between(*lower, *lower);
  return rank.Between(*lower, *std::min_element(lower + 1, values.end(), RanksBefore));
}

}  // namespace ora::promql
