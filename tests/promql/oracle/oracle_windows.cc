// Functions of a range vector's window, each as its definition says.
#include <algorithm>
#include <cmath>
#include <optional>

#include "tests/promql/oracle/oracle.h"

namespace ora::promql::oracle {
namespace {

using storage::Sample;
using Samples = std::vector<Sample>;

// Wide enough that no order of additions matters.
using Wide = long double;

double Seconds(int64_t millis) { return static_cast<double>(millis) / 1000; }

std::vector<double> ValuesOf(const Samples& samples) {
  std::vector<double> values;
  for (const Sample& sample : samples) values.push_back(sample.value);
  return values;
}

std::optional<double> Extrapolated(absl::string_view name, const Samples& samples,
                                   const WindowTimes& times) {
  if (samples.size() < 2) return std::nullopt;
  const bool counter = name != "delta";
  Wide change = Wide{samples.back().value} - samples.front().value;
  for (size_t i = 1; counter && i < samples.size(); ++i) {
    if (samples[i].value < samples[i - 1].value) change += samples[i - 1].value;
  }
  const double covered = Seconds(samples.back().time_millis - samples.front().time_millis);
  const double gap = covered / static_cast<double>(samples.size() - 1);
  double before = Seconds(samples.front().time_millis - times.start_millis);
  double after = Seconds(times.end_millis - samples.back().time_millis);
  if (before >= gap * 1.1) before = gap / 2;
  if (after >= gap * 1.1) after = gap / 2;
  const auto growth = static_cast<double>(change);
  if (counter && growth > 0 && samples.front().value >= 0) {
    before = std::min(before, covered * (samples.front().value / growth));
  }
  double result = growth * ((covered + before + after) / covered);
  if (name == "rate") result /= Seconds(times.end_millis - times.start_millis);
  return result;
}

std::optional<double> OfLastTwo(absl::string_view name, const Samples& samples) {
  if (samples.size() < 2) return std::nullopt;
  const Sample& last = samples.back();
  const Sample& before = samples[samples.size() - 2];
  if (name == "idelta") return last.value - before.value;
  const double growth = last.value < before.value ? last.value : last.value - before.value;
  return growth / Seconds(last.time_millis - before.time_millis);
}

double Count(absl::string_view name, const Samples& samples) {
  double count = 0;
  for (size_t i = 1; i < samples.size(); ++i) {
    const double a = samples[i - 1].value;
    const double b = samples[i].value;
    if (name == "resets") {
      count += b < a ? 1 : 0;
    } else if (!(std::isnan(a) && std::isnan(b))) {
      count += a != b ? 1 : 0;
    }
  }
  return count;
}

enum class End { kLeast, kGreatest };

// The sample with the least or greatest value, the latest of equal ones; NaN only if all are.
const Sample& Extreme(const Samples& samples, End end) {
  const Sample* best = nullptr;
  for (const Sample& sample : samples) {
    const bool first = best == nullptr || std::isnan(best->value);
    const bool better = !first && (end == End::kGreatest ? sample.value >= best->value
                                                         : sample.value <= best->value);
    if (first || better) best = &sample;
  }
  return *best;
}

double Variance(const Samples& samples) {
  Wide sum = 0;
  for (const Sample& sample : samples) sum += sample.value;
  const Wide mean = sum / static_cast<Wide>(samples.size());
  Wide squares = 0;
  for (const Sample& sample : samples) squares += (sample.value - mean) * (sample.value - mean);
  return static_cast<double>(squares / static_cast<Wide>(samples.size()));
}

// A line by least squares: its slope, or its value `ahead` seconds after the origin.
std::optional<double> Regression(const Samples& samples, int64_t origin_millis,
                                 std::optional<double> ahead) {
  if (samples.size() < 2) return std::nullopt;
  const auto n = static_cast<Wide>(samples.size());
  Wide x = 0;
  Wide y = 0;
  Wide xy = 0;
  Wide xx = 0;
  bool constant = true;
  for (const Sample& sample : samples) {
    const Wide seconds = Seconds(sample.time_millis - origin_millis);
    x += seconds;
    y += sample.value;
    xy += seconds * sample.value;
    xx += seconds * seconds;
    constant = constant && sample.value == samples.front().value;
  }
  Wide slope = (xy - x * y / n) / (xx - x * x / n);
  Wide intercept = y / n - slope * x / n;
  if (constant) {
    if (std::isinf(samples.front().value)) return std::nan("");
    slope = 0;
    intercept = samples.front().value;
  }
  return static_cast<double>(ahead ? slope * *ahead + intercept : slope);
}

std::optional<double> Smoothed(const Samples& samples, double smoothing, double trend_factor) {
  if (samples.size() < 2) return std::nullopt;
  double level = samples[0].value;
  double trend = samples[1].value - samples[0].value;
  for (size_t i = 1; i < samples.size(); ++i) {
    const double next = smoothing * samples[i].value + (1 - smoothing) * (level + trend);
    // The trend of the first step is given; from then on it follows the level.
    trend = trend_factor * (next - level) + (1 - trend_factor) * trend;
    level = next;
  }
  return level;
}

double Mad(const Samples& samples) {
  const double median = SimpleQuantile(0.5, ValuesOf(samples));
  std::vector<double> distances;
  for (const Sample& sample : samples) distances.push_back(std::fabs(sample.value - median));
  return SimpleQuantile(0.5, distances);
}

double Sum(const Samples& samples) {
  Wide sum = 0;
  for (const Sample& sample : samples) sum += sample.value;
  return static_cast<double>(sum);
}

double Mean(const Samples& samples) {
  Wide sum = 0;
  for (const Sample& sample : samples) sum += sample.value;
  return static_cast<double>(sum / static_cast<Wide>(samples.size()));
}

}  // namespace

double SimpleQuantile(double q, std::vector<double> values) {
  if (std::isnan(q)) return q;
  if (q < 0) return -HUGE_VAL;
  if (q > 1) return HUGE_VAL;
  std::sort(values.begin(), values.end(),
            [](double a, double b) { return (std::isnan(a) && !std::isnan(b)) || a < b; });
  const double rank = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(rank);
  const size_t above = std::min(below + 1, values.size() - 1);
  const double weight = rank - static_cast<double>(below);
  return values[below] * (1 - weight) + values[above] * weight;
}

std::optional<double> WindowFunction(absl::string_view name, const Samples& samples,
                                     const WindowTimes& times, const std::vector<double>& scalars) {
  if (name == "rate" || name == "increase" || name == "delta") {
    return Extrapolated(name, samples, times);
  }
  if (name == "irate" || name == "idelta") return OfLastTwo(name, samples);
  if (name == "changes" || name == "resets") return Count(name, samples);
  if (name == "sum_over_time") return Sum(samples);
  if (name == "avg_over_time") return Mean(samples);
  if (name == "min_over_time") return Extreme(samples, End::kLeast).value;
  if (name == "max_over_time") return Extreme(samples, End::kGreatest).value;
  if (name == "ts_of_min_over_time") return Seconds(Extreme(samples, End::kLeast).time_millis);
  if (name == "ts_of_max_over_time") return Seconds(Extreme(samples, End::kGreatest).time_millis);
  if (name == "ts_of_last_over_time") return Seconds(samples.back().time_millis);
  if (name == "count_over_time") return static_cast<double>(samples.size());
  if (name == "present_over_time") return 1;
  if (name == "last_over_time") return samples.back().value;
  if (name == "stdvar_over_time") return Variance(samples);
  if (name == "stddev_over_time") return std::sqrt(Variance(samples));
  if (name == "mad_over_time") return Mad(samples);
  if (name == "quantile_over_time") return SimpleQuantile(scalars[0], ValuesOf(samples));
  if (name == "deriv") return Regression(samples, samples[0].time_millis, std::nullopt);
  if (name == "predict_linear") return Regression(samples, times.step_millis, scalars[0]);
  return Smoothed(samples, scalars[0], scalars[1]);
}

}  // namespace ora::promql::oracle
