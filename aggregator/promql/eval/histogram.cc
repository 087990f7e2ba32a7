#include "aggregator/promql/eval/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "aggregator/promql/eval/statistics.h"
#include "aggregator/promql/parser/literals.h"

namespace ora::promql {
namespace {

constexpr absl::string_view kBoundLabel = "le";
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Counts that differ by less are the same: sums of rates have rounding errors.
constexpr double kSmallDelta = 1e-12;

struct Bucket {
  double bound;
  double count;  // Cumulative.
};

struct Source {
  double bound;
  const GridSeries* series;
};

// One histogram: its buckets by ascending bound.
struct Histogram {
  storage::Labels labels;
  bool drop_name = false;
  std::vector<Source> sources;
};

struct ValueInterval {
  double lower;
  double upper;
};

struct QuantileResult {
  double value;
  bool forced_monotonic = false;
};

std::optional<double> ParseBound(absl::string_view text) {
  double bound = 0;
  if (text.empty() || !absl::SimpleAtod(text, &bound)) return std::nullopt;
  return bound;
}

bool AlmostEqual(double a, double b) {
  if (a == b) return true;
  const double size = std::fabs(a) + std::fabs(b);
  return std::fabs(a - b) / std::min(size, std::numeric_limits<double>::max()) < kSmallDelta;
}

// Buckets of one bound become one.
void Coalesce(std::vector<Bucket>& buckets) {
  size_t last = 0;
  for (size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].bound == buckets[last].bound) {
      buckets[last].count += buckets[i].count;
    } else {
      buckets[++last] = buckets[i];
    }
  }
  buckets.resize(last + 1);
}

// Whether a count had to be raised by more than rounding explains.
bool ForceMonotonic(std::vector<Bucket>& buckets) {
  bool forced = false;
  double before = buckets.front().count;
  for (Bucket& bucket : buckets) {
    if (bucket.count == before) continue;
    if (AlmostEqual(before, bucket.count)) {
      bucket.count = before;
    } else if (bucket.count < before) {
      bucket.count = before;
      forced = true;
    } else {
      before = bucket.count;
    }
  }
  return forced;
}

// `buckets` are sorted by bound, and not empty.
QuantileResult BucketQuantile(double q, std::vector<Bucket>& buckets) {
  if (std::isnan(q)) return {kNan};
  if (q < 0) return {-kInfinity};
  if (q > 1) return {kInfinity};
  if (buckets.back().bound != kInfinity) return {kNan};
  Coalesce(buckets);
  const bool forced = ForceMonotonic(buckets);
  const double observations = buckets.back().count;
  if (buckets.size() < 2 || observations == 0 || std::isnan(observations)) return {kNan, forced};
  double rank = q * observations;
  size_t b = 0;
  while (b + 1 < buckets.size() && !(buckets[b].count >= rank)) ++b;
  if (b + 1 == buckets.size()) return {buckets[b - 1].bound, forced};
  if (b == 0 && buckets[0].bound <= 0) return {buckets[0].bound, forced};
  double start = 0;
  double count = buckets[b].count;
  if (b > 0) {
    start = buckets[b - 1].bound;
    count -= buckets[b - 1].count;
    rank -= buckets[b - 1].count;
  }
  return {start + (buckets[b].bound - start) * (rank / count), forced};
}

// ` for metric name "x"`; nothing where the name has gone.
std::string ForMetric(const storage::Labels& labels) {
  const absl::string_view name = labels.Get(storage::kMetricNameLabel);
  return name.empty() ? "" : absl::StrCat(" for metric name ", Quote(name));
}

// The share of the observations between two values, taken as spread evenly within a bucket.
// `buckets` are sorted by bound, and not empty.
double BucketFraction(const ValueInterval& interval, std::vector<Bucket>& buckets) {
  if (buckets.back().bound != kInfinity) return kNan;
  Coalesce(buckets);
  const double observations = buckets.back().count;
  if (observations == 0 || std::isnan(interval.lower) || std::isnan(interval.upper)) return kNan;
  if (interval.lower >= interval.upper) return 0;
  // How many observations are below `value`.
  const auto rank_of = [&](double value) {
    double start = buckets.front().bound > 0 ? 0 : -kInfinity;
    double before = 0;
    for (const Bucket& bucket : buckets) {
      if (value <= start) return before;
      if (value < bucket.bound) {
        if (start == -kInfinity) return bucket.count;
        return before + (bucket.count - before) * (value - start) / (bucket.bound - start);
      }
      start = bucket.bound;
      before = bucket.count;
    }
    return observations;
  };
  const double lower = std::min(rank_of(interval.lower), observations);
  const double upper = std::min(rank_of(interval.upper), observations);
  return (upper - lower) / observations;
}

std::vector<Histogram> Collect(const VectorGrid& buckets, absl::string_view place,
                               QueryState& state) {
  std::vector<Histogram> histograms;
  absl::flat_hash_map<storage::Labels, size_t> places;
  for (const GridSeries& series : buckets) {
    const absl::string_view text = series.labels.Get(kBoundLabel);
    const std::optional<double> bound = ParseBound(text);
    if (!bound) {
      state.Warn(absl::StrCat(
          "PromQL warning: bucket label \"le\" is missing or has a malformed value of ",
          Quote(text), ForMetric(series.labels), " (", place, ")"));
      continue;
    }
    storage::Labels labels = series.labels;
    labels.Remove(kBoundLabel);
    const auto [found, fresh] = places.try_emplace(labels, histograms.size());
    if (fresh) histograms.push_back({std::move(labels), series.drop_name, {}});
    histograms[found->second].sources.push_back({*bound, &series});
  }
  for (Histogram& histogram : histograms) {
    std::stable_sort(histogram.sources.begin(), histogram.sources.end(),
                     [](const Source& a, const Source& b) { return a.bound < b.bound; });
  }
  return histograms;
}

GridSeries SeriesOf(const Histogram& histogram, const StepGrid& grid) {
  GridSeries series(histogram.labels, grid.count);
  series.drop_name = histogram.drop_name;
  return series;
}

void CollectBuckets(const Histogram& histogram, size_t step, std::vector<Bucket>& buckets) {
  buckets.clear();
  for (const Source& source : histogram.sources) {
    if (!source.series->present.Get(step)) continue;
    buckets.push_back({source.bound, source.series->values[step]});
  }
}

}  // namespace

VectorGrid HistogramQuantile(const ScalarGrid& q, const VectorGrid& buckets,
                             const HistogramPlaces& places, const StepGrid& grid,
                             QueryState& state) {
  for (const double each : q) {
    if (!IsOutsideQuantile(each)) continue;
    state.Warn(QuantileWarning(each, places.parameter));
  }
  VectorGrid result;
  std::vector<Bucket> seen;
  for (const Histogram& histogram : Collect(buckets, places.buckets, state)) {
    GridSeries series = SeriesOf(histogram, grid);
    for (size_t step = 0; step < grid.count; ++step) {
      CollectBuckets(histogram, step, seen);
      if (seen.empty()) continue;
      const QuantileResult quantile = BucketQuantile(q[step], seen);
      series.Put(step, quantile.value);
      if (!quantile.forced_monotonic) continue;
      state.Inform(absl::StrCat(
          "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
          "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)",
          ForMetric(histogram.labels), " (", places.buckets, ")"));
    }
    result.push_back(std::move(series));
  }
  return result;
}

VectorGrid HistogramFraction(const IntervalGrid& intervals, const VectorGrid& buckets,
                             absl::string_view place, const StepGrid& grid, QueryState& state) {
  VectorGrid result;
  std::vector<Bucket> seen;
  for (const Histogram& histogram : Collect(buckets, place, state)) {
    GridSeries series = SeriesOf(histogram, grid);
    for (size_t step = 0; step < grid.count; ++step) {
      CollectBuckets(histogram, step, seen);
      if (seen.empty()) continue;
      series.Put(step, BucketFraction({intervals.lower[step], intervals.upper[step]}, seen));
    }
    result.push_back(std::move(series));
  }
  return result;
}

}  // namespace ora::promql
