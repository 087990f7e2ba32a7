#include "tests/promql/script_series.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace ora::promql {
namespace {

using storage::Labels;

bool MatchesAll(const Labels& labels, const std::vector<storage::Matcher>& matchers) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const storage::Matcher& matcher) {
    return matcher.Matches(labels.Get(matcher.name()));
  });
}

// The native histogram that is made of classic buckets, one of which has `labels`; empty if it is
// no bucket.
Labels HistogramOfBucket(const Labels& labels) {
  absl::string_view name = labels.Get(storage::kMetricNameLabel);
  if (!labels.Has("le") || !absl::ConsumeSuffix(&name, "_bucket")) return Labels();
  Labels histogram = labels;
  histogram.Set(storage::kMetricNameLabel, std::string(name));
  histogram.Remove("le");
  return histogram;
}

}  // namespace

void ScriptSeries::Clear() {
  floats_.Clear();
  histograms_.clear();
  typed_.clear();
}

void ScriptSeries::Load(const LoadCommand& load) {
  std::map<Labels, const SeriesLine*> last_lines;
  for (const SeriesLine& line : load.series) last_lines[line.labels] = &line;
  for (const SeriesLine& line : load.series) {
    if (last_lines[line.labels] != &line) continue;
    std::vector<storage::Sample> samples;
    const Labels derived = load.with_histograms ? HistogramOfBucket(line.labels) : Labels();
    for (size_t i = 0; i < line.points.size(); ++i) {
      const int64_t time = static_cast<int64_t>(i) * load.gap_millis;
      const SeriesPoint& point = line.points[i];
      if (point.kind == PointKind::kHistogram) histograms_[line.labels].insert(time);
      if (point.kind != PointKind::kFloat) continue;
      samples.push_back({time, point.value});
      if (!derived.empty()) histograms_[derived].insert(time);
      const auto replaced = histograms_.find(line.labels);
      if (replaced != histograms_.end()) replaced->second.erase(time);
    }
    floats_.Add(line.labels, samples);
    if (line.labels.Has("__type__") || line.labels.Has("__unit__")) typed_.insert(line.labels);
  }
}

absl::StatusOr<std::unique_ptr<storage::SeriesCursor>> ScriptSeries::Select(
    const storage::SelectRequest& request) {
  for (const auto& [labels, times] : histograms_) {
    if (!MatchesAll(labels, request.matchers)) continue;
    const auto first = times.lower_bound(request.range.start_millis);
    if (first != times.end() && *first <= request.range.end_millis) touched_.histograms = true;
  }
  for (const Labels& labels : typed_) {
    if (MatchesAll(labels, request.matchers)) touched_.type_and_unit = true;
  }
  return floats_.Select(request);
}

}  // namespace ora::promql
