#include "aggregator/logs/log_analysis.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ora::aggregator {
namespace {

constexpr const char* kLevels[] = {"debug", "info", "warning", "error", "critical", "unknown"};

uint64_t Whole(double value) {
  return value > 0 ? static_cast<uint64_t>(std::llround(std::fmin(value, 9e18))) : 0;
}

double Find(const std::map<std::string, double>& figures, const std::string& name) {
  const auto found = figures.find(name);
  return found == figures.end() ? 0 : found->second;
}

void AddLevels(const LogFigures& now, const LogFigures& rises, v1::LogAnalysis& analysis) {
  double lines = 0;
  for (const auto& [level, count] : rises.lines_by_level) lines += count;
  for (const char* level : kLevels) {
    const double total = Find(now.lines_by_level, level);
    if (!(total > 0)) continue;
    v1::LevelCount& added = *analysis.add_levels();
    added.set_level(level);
    added.set_lines(Whole(Find(rises.lines_by_level, level)));
    added.set_lines_total(Whole(total));
  }
  if (!(lines > 0)) return;
  const double errors =
      Find(rises.lines_by_level, "error") + Find(rises.lines_by_level, "critical");
  analysis.set_error_percent(100 * errors / lines);
}

// The most of the window first, then the most of all: a type that is quiet now is still an answer.
void AddErrorTypes(const LogFigures& now, const LogFigures& rises, v1::LogAnalysis& analysis) {
  std::vector<std::tuple<double, double, std::string>> types;
  for (const auto& [type, total] : now.errors_by_type) {
    if (total > 0) types.emplace_back(-Find(rises.errors_by_type, type), -total, type);
  }
  std::sort(types.begin(), types.end());
  for (const auto& [in_window, total, type] : types) {
    v1::ErrorTypeCount& added = *analysis.add_error_types();
    added.set_type(type);
    added.set_errors(Whole(-in_window));
    added.set_errors_total(Whole(-total));
  }
}

void AddResponseTimes(const LogFigures& rises, v1::LogAnalysis& analysis) {
  if (!(rises.response_count > 0)) return;
  v1::ResponseTimes& times = *analysis.mutable_response_times();
  times.set_count(Whole(rises.response_count));
  times.set_mean_seconds(rises.response_seconds_sum / rises.response_count);
  times.set_p50_seconds(BucketQuantile(0.50, rises.response_buckets));
  times.set_p95_seconds(BucketQuantile(0.95, rises.response_buckets));
  times.set_p99_seconds(BucketQuantile(0.99, rises.response_buckets));
}

}  // namespace

double BucketQuantile(double quantile, const std::map<double, double>& cumulative) {
  if (cumulative.empty() || !(cumulative.rbegin()->second > 0)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double rank = quantile * cumulative.rbegin()->second;
  double lower_bound = 0, lower_count = 0;
  for (const auto& [bound, count] : cumulative) {
    if (count >= rank) {
      if (std::isinf(bound)) return lower_bound;
      if (count <= lower_count) return bound;
      return lower_bound + (bound - lower_bound) * (rank - lower_count) / (count - lower_count);
    }
    lower_bound = bound;
    lower_count = count;
  }
  return lower_bound;
}

v1::LogAnalysis MakeLogAnalysis(const LogFigures& now, const WindowFigures& window) {
  v1::LogAnalysis analysis;
  *analysis.mutable_log() = now.log;
  const int64_t millis = absl::ToInt64Milliseconds(window.length);
  analysis.mutable_window()->set_seconds(millis / 1000);
  analysis.mutable_window()->set_nanos(static_cast<int32_t>(millis % 1000 * 1'000'000));
  const uint64_t growth = window.rises.log.appended_bytes();
  analysis.set_growth_bytes(growth);
  if (window.storage_bytes_start > 0) {
    analysis.set_growth_percent(100 * static_cast<double>(growth) / window.storage_bytes_start);
  }
  AddLevels(now, window.rises, analysis);
  AddErrorTypes(now, window.rises, analysis);
  AddResponseTimes(window.rises, analysis);
  return analysis;
}

}  // namespace ora::aggregator
