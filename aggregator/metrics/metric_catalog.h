// What is known of a metric beyond its samples: its type, its unit, a sentence of help. Samples
// come without it, so the names tell: they follow Prometheus's conventions.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ora::aggregator {

enum class MetricType { kUnknown, kCounter, kGauge, kHistogram };

// `counter`, `gauge`, `histogram`, `unknown`.
absl::string_view Text(MetricType type);

struct MetricDescription {
  std::string name;  // Of a histogram without `_bucket`, `_sum` and `_count`.
  MetricType type = MetricType::kUnknown;
  std::string help;  // Empty if nothing is known.
  std::string unit;  // `seconds`, `bytes`; empty if the name says none.
};

// One description a metric, sorted by name. `names` are those of the series there are, sorted.
std::vector<MetricDescription> DescribeMetrics(const std::vector<std::string>& names);

}  // namespace ora::aggregator
