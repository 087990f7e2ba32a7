#include "collector/classify/samples/log_samples.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "collector/series/label_text.h"

namespace ora::collector {
namespace {

constexpr char kOther[] = "other";
constexpr size_t kHistogramSlotsMore = 3;  // +Inf, sum and count.

bool IsOverflow(const SampleLabels& labels) {
  return !labels.empty() && std::all_of(labels.begin(), labels.end(),
                                        [](const auto& label) { return label.second == kOther; });
}

bool IsHistogram(const SampleMetric& metric) {
  return metric.kind == config::v1::SAMPLE_KIND_HISTOGRAM;
}

}  // namespace

LogSamples::~LogSamples() {
  for (const auto& [key, series] : series_) {
    if (!series.overflow) --rules_.metrics()[static_cast<size_t>(key.first)].series;
  }
}

void LogSamples::TakeLine(const SampleFacts& facts, SampleBirth birth) {
  for (const int rule : rules_.Candidates(facts.line)) {
    absl::optional<RuleSample> sample = rules_.Match(rule, facts);
    if (!sample.has_value()) continue;
    for (auto& [name, value] : sample->labels) value = CleanLabelValue(value);
    Series& series = SeriesOf(rule, std::move(sample->labels), birth);
    series.sum += sample->value;
    if (series.buckets.empty()) continue;
    const std::vector<double>& bounds = rules_.metrics()[static_cast<size_t>(rule)].buckets;
    const auto bound = std::lower_bound(bounds.begin(), bounds.end(), sample->value);
    ++series.buckets[static_cast<size_t>(bound - bounds.begin())];
  }
}

LogSamples::Series& LogSamples::SeriesOf(int rule, SampleLabels labels, SampleBirth birth) {
  Key key(rule, std::move(labels));
  if (const auto found = series_.find(key); found != series_.end()) return found->second;
  SampleMetric& metric = rules_.metrics()[static_cast<size_t>(rule)];
  if (metric.series < metric.series_max) {
    ++metric.series;
    return Make(rule, key.second, birth);
  }
  ++metric.overflows;
  for (auto& [name, value] : key.second) value = kOther;
  if (const auto found = series_.find(key); found != series_.end()) return found->second;
  Series& other = Make(rule, key.second, birth);
  other.overflow = true;
  return other;
}

LogSamples::Series& LogSamples::Make(int rule, const SampleLabels& labels, SampleBirth birth) {
  const SampleMetric& metric = rules_.metrics()[static_cast<size_t>(rule)];
  Series& series = series_[Key(rule, labels)];
  series.labels = labels;
  if (IsHistogram(metric)) series.buckets.resize(metric.buckets.size() + 1);
  const size_t slots = IsHistogram(metric) ? metric.buckets.size() + kHistogramSlotsMore : 1;
  series.slots.resize(slots);
  for (SeriesSlot& slot : series.slots) slot.needs_birth = birth == SampleBirth::kWithin;
  return series;
}

void LogSamples::Restore(const state::v1::LogAccountState& state) {
  for (const state::v1::SampleSeriesState& from : state.samples()) {
    std::vector<SampleMetric>& metrics = rules_.metrics();
    const auto metric = std::find_if(metrics.begin(), metrics.end(),
                                     [&](const auto& any) { return any.name == from.metric(); });
    if (metric == metrics.end()) continue;
    const std::vector<double> bounds(from.bounds().begin(), from.bounds().end());
    const int buckets = IsHistogram(*metric) ? static_cast<int>(metric->buckets.size()) + 1 : 0;
    if (bounds != metric->buckets || from.buckets_size() != buckets) continue;
    const SampleLabels labels(from.labels().begin(), from.labels().end());
    const int rule = static_cast<int>(metric - metrics.begin());
    const bool overflow = IsOverflow(labels);
    if (series_.count(Key(rule, labels)) > 0) continue;
    if (!overflow && metric->series >= metric->series_max) continue;
    metric->series += overflow ? 0 : 1;
    Series& series = Make(rule, labels, SampleBirth::kBaseline);
    series.overflow = overflow;
    series.sum = from.sum();
    std::copy(from.buckets().begin(), from.buckets().end(), series.buckets.begin());
  }
}

void LogSamples::Serialize(state::v1::LogAccountState& state) const {
  for (const auto& [key, series] : series_) {
    const SampleMetric& metric = rules_.metrics()[static_cast<size_t>(key.first)];
    state::v1::SampleSeriesState& to = *state.add_samples();
    to.set_metric(metric.name);
    for (const auto& [name, value] : series.labels) (*to.mutable_labels())[name] = value;
    to.set_sum(series.sum);
    to.mutable_buckets()->Add(series.buckets.begin(), series.buckets.end());
    to.mutable_bounds()->Add(metric.buckets.begin(), metric.buckets.end());
  }
}

void LogSamples::EmitTo(SampleSink& sink, absl::Span<const LabelPair> labels) {
  for (auto& [key, series] : series_) Emit(key.first, series, sink, labels);
}

void LogSamples::Emit(int rule, Series& series, SampleSink& sink,
                      absl::Span<const LabelPair> labels) {
  const SampleMetric& metric = rules_.metrics()[static_cast<size_t>(rule)];
  std::vector<LabelPair> all(labels.begin(), labels.end());
  for (const auto& [name, value] : series.labels) all.push_back({name, value});
  if (!IsHistogram(metric)) {
    series.slots[0].Tell(sink, metric.name, all, series.sum);
    return;
  }
  uint64_t below = 0;
  for (size_t i = 0; i < series.buckets.size(); ++i) {
    below += series.buckets[i];
    const std::string bound = i < metric.buckets.size() ? absl::StrCat(metric.buckets[i]) : "+Inf";
    all.push_back({"le", bound});
    series.slots[i].Tell(sink, absl::StrCat(metric.name, "_bucket"), all,
                         static_cast<double>(below));
    all.pop_back();
  }
  const size_t buckets = series.buckets.size();
  series.slots[buckets].Tell(sink, absl::StrCat(metric.name, "_sum"), all, series.sum);
  series.slots[buckets + 1].Tell(sink, absl::StrCat(metric.name, "_count"), all,
                                 static_cast<double>(below));
}

bool LogSamples::Commit() {
  bool told = false;
  for (auto& [key, series] : series_) {
    for (SeriesSlot& slot : series.slots) {
      if (!slot.emitted) continue;
      slot.needs_birth = false;
      slot.emitted = false;
      told = true;
    }
  }
  return told;
}

}  // namespace ora::collector
