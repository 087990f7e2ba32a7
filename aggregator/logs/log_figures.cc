#include "aggregator/logs/log_figures.h"

#include <cmath>

#include "absl/strings/numbers.h"

namespace ora::aggregator {
namespace {

// A figure that is no number, negative or past 64 bits is 0: the series may come from anywhere.
uint64_t Whole(double value) {
  constexpr double kWholeMax = 1.8e19;
  if (!(value > 0)) return 0;
  return static_cast<uint64_t>(std::llround(std::fmin(value, kWholeMax / 2)));
}

void Add(const promql::InstantSample& sample, LogFigures& figures) {
  const absl::string_view name = sample.labels.Get(storage::kMetricNameLabel);
  const auto label = [&](absl::string_view which) { return std::string(sample.labels.Get(which)); };
  v1::Log& log = figures.log;
  const double value = sample.value;
  if (name == "ora_log_appended_bytes_total") {
    log.set_appended_bytes(Whole(value));
  } else if (name == "ora_log_size_bytes") {
    log.set_size_bytes(Whole(value));
  } else if (name == "ora_log_storage_bytes") {
    log.set_storage_bytes(Whole(value));
  } else if (name == "ora_log_files") {
    log.set_files(static_cast<uint32_t>(Whole(value)));
  } else if (name == "ora_log_lost_bytes_total") {
    log.set_lost_bytes(log.lost_bytes() + Whole(value));
  } else if (name == "ora_log_lines_total") {
    const std::string level = label("level");
    figures.lines_by_level[level] += value;
    log.set_lines(log.lines() + Whole(value));
    if (level == "error" || level == "critical")
      log.set_error_lines(log.error_lines() + Whole(value));
  } else if (name == "ora_log_errors_total") {
    figures.errors_by_type[label("type")] += value;
  } else if (name == "ora_log_response_seconds_bucket") {
    double bound = 0;
    if (absl::SimpleAtod(sample.labels.Get("le"), &bound)) figures.response_buckets[bound] += value;
  } else if (name == "ora_log_response_seconds_count") {
    figures.response_count += value;
  } else if (name == "ora_log_response_seconds_sum") {
    figures.response_seconds_sum += value;
  }
}

}  // namespace

LogKey KeyOf(const storage::Labels& labels) {
  return {std::string(labels.Get(storage::kInstanceLabel)), std::string(labels.Get("log"))};
}

FiguresByLog CollectFigures(const promql::InstantVector& series) {
  FiguresByLog by_log;
  for (const promql::InstantSample& sample : series) {
    LogKey key = KeyOf(sample.labels);
    if (key.second.empty()) continue;
    LogFigures& figures = by_log[key];
    figures.log.set_instance(key.first);
    figures.log.set_path(key.second);
    figures.log.set_component(std::string(sample.labels.Get("component")));
    figures.log.set_category(std::string(sample.labels.Get("category")));
    Add(sample, figures);
  }
  return by_log;
}

}  // namespace ora::aggregator
