#include "storage/index/cardinality_count.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "storage/index/matcher_resolution.h"
#include "storage/labels.h"
#include "storage/text.h"

namespace ora::storage {
namespace {

struct Counted {
  PairId id = 0;
  uint64_t count = 0;
};

// The pairs with the highest counts of those added.
class TopPairs {
 public:
  explicit TopPairs(size_t top) : top_(top) {}

  void Add(const PairDirectory& pairs, Counted one) {
    if (top_ == 0 || (counted_.size() == top_ && one.count < counted_.front().count)) return;
    const auto above = [&pairs](const Counted& a, const Counted& b) {
      if (a.count != b.count) return a.count > b.count;
      const LabelPair& left = pairs[a.id];
      const LabelPair& right = pairs[b.id];
      return std::pair(absl::string_view(left.name->text), left.value()) <
             std::pair(absl::string_view(right.name->text), right.value());
    };
    counted_.push_back(one);
    std::push_heap(counted_.begin(), counted_.end(), above);
    if (counted_.size() <= top_) return;
    std::pop_heap(counted_.begin(), counted_.end(), above);  // The lowest.
    counted_.pop_back();
  }

  template <typename NameOf>
  std::vector<CardinalityEntry> Take(const PairDirectory& pairs, NameOf name_of) && {
    std::vector<CardinalityEntry> entries;
    for (const Counted& one : counted_) entries.push_back({name_of(pairs[one.id]), one.count});
    return entries;
  }

 private:
  const size_t top_;
  std::vector<Counted> counted_;  // A heap, the lowest in front.
};

void SortAndCut(size_t top, std::vector<CardinalityEntry>& entries) {
  std::sort(entries.begin(), entries.end(),
            [](const CardinalityEntry& a, const CardinalityEntry& b) {
              return a.count != b.count ? a.count > b.count : a.name < b.name;
            });
  if (entries.size() > top) entries.resize(top);
}

std::string ValueOf(const LabelPair& pair) { return std::string(pair.value()); }

std::string PairText(const LabelPair& pair) {
  return absl::StrCat(pair.name->text, "=", QuoteLabelValue(pair.value()));
}

// The series of `series` by the pair that names their metric.
absl::flat_hash_map<PairId, uint64_t> CountMetrics(const PairDirectory& pairs,
                                                   const std::vector<const SeriesEntry*>& series) {
  absl::flat_hash_map<PairId, uint64_t> counts;
  for (const SeriesEntry* one : series) {
    for (const PairId id : one->labels()) {
      if (pairs[id].name->text != kMetricNameLabel) continue;
      ++counts[id];
      break;
    }
  }
  return counts;
}

// Every living pair of the tables goes to the lists that it belongs to.
struct PairLists {
  explicit PairLists(size_t top) : metrics(top), instances(top), others(top) {}

  void Add(const PairDirectory& pairs, Counted one) {
    const LabelName& name = *pairs[one.id].name;
    if (name.text == kMetricNameLabel) {
      metrics.Add(pairs, one);
      return;
    }
    if (name.text == kInstanceLabel) instances.Add(pairs, one);
    others.Add(pairs, one);
  }

  TopPairs metrics;
  TopPairs instances;
  TopPairs others;
};

void CountPairs(const IndexTables& tables, PairLists& lists) {
  std::vector<Counted> living;
  for (PairId begin = 0;; begin += kStretch) {
    living.clear();
    std::shared_ptr<const PairDirectory> directory;
    {
      absl::ReaderMutexLock lock(&tables.mutex);
      directory = tables.pairs.directory();
      const auto end = static_cast<PairId>(std::min(directory->size(), begin + kStretch));
      for (PairId id = begin; id < end; ++id) {
        if (const uint64_t count = tables.pairs[id].series; count > 0)
          living.push_back({id, count});
      }
    }
    for (const Counted& one : living) lists.Add(*directory, one);
    if (begin + kStretch >= directory->size()) return;
  }
}

}  // namespace

CardinalityReport CountCardinality(const IndexTables& tables, size_t top, uint32_t id_new,
                                   uint32_t id_next) {
  RegexCache unused;
  MatcherResolution reading(tables, unused);  // For its pin, and to read series.
  CardinalityReport report;
  Roaring recent;
  {
    absl::ReaderMutexLock lock(&tables.mutex);
    report.series = tables.published.cardinality();
    for (const auto& [text, name] : tables.pairs.names()) {
      report.labels.push_back({std::string(text), name->values()});
    }
    recent = tables.allotted;
  }
  SortAndCut(top, report.labels);
  Roaring span;
  span.addRange(id_new, id_next);
  recent &= span;
  PairLists lists(top);
  CountPairs(tables, lists);
  const std::vector<const SeriesEntry*> created = reading.SeriesOf(recent);
  report.series_new = created.size();
  const PairDirectory& pairs = *reading.directory();
  TopPairs churn(top);
  for (const auto& [id, count] : CountMetrics(pairs, created)) churn.Add(pairs, {id, count});
  report.metrics = std::move(lists.metrics).Take(pairs, ValueOf);
  report.instances = std::move(lists.instances).Take(pairs, ValueOf);
  report.label_pairs = std::move(lists.others).Take(pairs, PairText);
  report.churn = std::move(churn).Take(pairs, ValueOf);
  for (auto* list : {&report.metrics, &report.instances, &report.label_pairs, &report.churn}) {
    SortAndCut(top, *list);
  }
  return report;
}

Offender FindOffender(const IndexTables& tables, absl::string_view instance) {
  RegexCache unused;
  MatcherResolution reading(tables, unused);
  std::vector<Matcher> matchers;
  std::vector<const SeriesEntry*> series;
  absl::flat_hash_map<PairId, uint64_t> metrics;
  if (instance.empty()) {
    for (const PairId id : reading.PairsOf(kMetricNameLabel)) {
      absl::ReaderMutexLock lock(&tables.mutex);
      metrics[id] = tables.pairs[id].series;
    }
  } else {
    matchers.push_back(Matcher::Equal(kInstanceLabel, instance));
    series = reading.SeriesOf(reading.Resolve(matchers));
    metrics = CountMetrics(*reading.directory(), series);
  }
  const PairDirectory* pairs = reading.directory().get();
  TopPairs top(1);
  for (const auto& [id, count] : metrics) top.Add(*pairs, {id, count});
  const std::vector<CardinalityEntry> worst = std::move(top).Take(*pairs, ValueOf);
  if (worst.empty()) return {};
  matchers.push_back(Matcher::Equal(kMetricNameLabel, worst[0].name));
  MatcherResolution again(tables, unused);
  absl::flat_hash_map<absl::string_view, uint64_t> labels;
  const std::vector<PairId> borne = again.PairsAmong(again.Resolve(matchers));
  pairs = again.directory().get();
  for (const PairId id : borne) ++labels[(*pairs)[id].name->text];
  labels.erase(kMetricNameLabel);
  labels.erase(kInstanceLabel);
  Offender offender{.metric = worst[0].name};
  for (const auto& [label, values] : labels) {
    if (std::pair(offender.values, label) < std::pair(values, absl::string_view(offender.label)) ||
        offender.label.empty()) {
      offender.label = std::string(label);
      offender.values = values;
    }
  }
  return offender;
}

}  // namespace ora::storage
