#include "tests/bench/workload/w1_series.h"

#include <algorithm>
#include <random>

namespace ora::bench {

std::vector<storage::SampleColumns> W1Series(const W1Options& options, int64_t start_millis,
                                             size_t samples) {
  const NormalQuantiles quantiles;
  W1Host host(options, 0, quantiles);
  std::vector<storage::SampleColumns> series(host.series_count());
  std::vector<double> values(host.series_count());
  for (size_t step = 0; step < samples; ++step) {
    host.Next(absl::MakeSpan(values));
    for (size_t i = 0; i < series.size(); ++i) {
      series[i].time_millis.push_back(start_millis + W1OffsetMillis(options, 0, 1, step));
      series[i].values.push_back(values[i]);
    }
  }
  return series;
}

size_t FirstOfKind(SeriesKind kind) {
  const absl::Span<const SeriesTemplate> templates = W1Templates();
  const auto at =
      std::find_if(templates.begin(), templates.end(),
                   [kind](const SeriesTemplate& series) { return series.kind == kind; });
  return static_cast<size_t>(at - templates.begin());
}

storage::SampleColumns RandomDoubles(const storage::SampleColumns& like) {
  storage::SampleColumns series = like;
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  for (double& value : series.values) value = normal(random);
  return series;
}

}  // namespace ora::bench
