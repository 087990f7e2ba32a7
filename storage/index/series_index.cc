#include "storage/index/series_index.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "storage/index/cardinality_count.h"
#include "storage/index/matcher_resolution.h"

namespace ora::storage {
namespace {

constexpr uint32_t kIdMax = std::numeric_limits<uint32_t>::max() - 1;
// Series that are published or forgotten under one lock: a good half a millisecond's work.
constexpr size_t kChangedAtOnce = 256;
// What is freed along with one change; more than a change can leave behind.
constexpr size_t kReclaimedPerSeries = 32;
// An age in minutes counts from the last full one.
constexpr uint32_t kMinuteBegun = 1;

using PairIds = absl::InlinedVector<PairId, 32>;

}  // namespace

SeriesIndex::SeriesIndex(const SeriesLimits& limits, Clock& clock)
    : limits_(limits), clock_(clock), begun_(clock.Monotonic()), refusals_(tables_, clock) {}

// From 1 on, so that 0 is never.
uint32_t SeriesIndex::MinuteNow() const {
  return static_cast<uint32_t>(1 + (clock_.Monotonic() - begun_) / absl::Minutes(1));
}

absl::optional<SeriesIndex::Entry> SeriesIndex::FindAndTouch(const Labels& labels) const {
  PairIds pairs;
  for (const LabelView label : labels) {
    const absl::optional<PairId> pair = tables_.pairs.Find(label.name, label.value);
    if (!pair) return absl::nullopt;
    pairs.push_back(*pair);
  }
  SeriesEntry* series = tables_.series.FindByLabels(pairs);
  if (series == nullptr) return absl::nullopt;
  std::atomic_ref(series->touched_minute).store(MinuteNow(), std::memory_order_relaxed);
  return Entry{series->id, series->slot};
}

SeriesIndex::Excess SeriesIndex::ExcessOf(const Labels& labels) const {
  const uint64_t all = tables_.series.size();
  if (all >= limits_.series_max || id_next_ > kIdMax) return {Limit::kStore, all};
  const absl::string_view instance = labels.Get(kInstanceLabel);
  if (instance.empty()) return {};
  const absl::optional<PairId> pair = tables_.pairs.Find(kInstanceLabel, instance);
  const uint64_t own = pair ? tables_.pairs[*pair].series : 0;
  if (own >= limits_.series_per_instance_max) return {Limit::kInstance, own};
  return {};
}

absl::Status SeriesIndex::Refuse(const Excess& excess, const Labels& labels) {
  return excess.limit == Limit::kStore ? refusals_.OfStore(excess.series, labels)
                                       : refusals_.OfInstance(excess.series, labels);
}

absl::StatusOr<SeriesIndex::Entry> SeriesIndex::Allot(uint16_t slot, const Labels& labels) {
  if (labels.size() > SeriesTable::kLabelsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("series ", labels.Get(kMetricNameLabel), " has ", labels.size(),
                     " labels, at most ", SeriesTable::kLabelsMax, " are allowed; drop some"));
  }
  Excess excess;
  {
    // Nearly always the series is known, or refused again: then readers need not wait.
    absl::ReaderMutexLock lock(&tables_.mutex);
    if (const auto known = FindAndTouch(labels)) return *known;
    excess = ExcessOf(labels);
  }
  if (excess.limit == Limit::kNone) {
    absl::MutexLock lock(&tables_.mutex);
    if (const auto known = FindAndTouch(labels)) return *known;
    excess = ExcessOf(labels);
    if (excess.limit == Limit::kNone) {
      const uint32_t minute = MinuteNow();
      const Entry entry{id_next_++, slot};
      created_.Note(minute, entry.id);
      Reclaim(kReclaimedPerSeries);
      Place(entry, minute, labels);
      return entry;
    }
  }
  return Refuse(excess, labels);
}

void SeriesIndex::Place(Entry entry, uint32_t touched_minute, const Labels& labels) {
  PairIds pairs;
  for (const LabelView label : labels) {
    pairs.push_back(tables_.pairs.Acquire(label.name, label.value));
  }
  tables_.series.Add({.id = entry.id, .touched_minute = touched_minute, .slot = entry.slot}, pairs);
  tables_.allotted.add(entry.id);
  ++slots_[entry.slot];
}

absl::Status SeriesIndex::Restore(Entry entry, const Labels& labels) {
  absl::MutexLock lock(&tables_.mutex);
  const bool id_taken = entry.id == 0 || tables_.series.Find(entry.id) != nullptr;
  if (id_taken || labels.size() > SeriesTable::kLabelsMax || FindAndTouch(labels)) {
    return absl::DataLossError(absl::StrCat("series ", entry.id, " ", labels.ToString(),
                                            " is in the store under two ids, or its id twice"));
  }
  Place(entry, 0, labels);
  PublishOne(entry.id);
  id_next_ = std::max(id_next_, entry.id + 1);
  return absl::OkStatus();
}

void SeriesIndex::PublishOne(uint32_t id) {
  const SeriesEntry* series = tables_.series.Find(id);
  if (series == nullptr || !tables_.published.addChecked(id)) return;
  for (const PairId pair : series->labels()) tables_.pairs.Publish(pair, id);
}

void SeriesIndex::Publish(absl::Span<const uint32_t> ids) {
  for (size_t begin = 0; begin < ids.size(); begin += kChangedAtOnce) {
    absl::MutexLock lock(&tables_.mutex);
    for (const uint32_t id : ids.subspan(begin, kChangedAtOnce)) PublishOne(id);
  }
}

void SeriesIndex::ForgetOne(uint32_t id, uint64_t epoch) {
  const SeriesEntry* series = tables_.series.Find(id);
  if (series == nullptr) return;
  const bool published = tables_.published.removeChecked(id);
  for (const PairId pair : series->labels()) {
    if (published) tables_.pairs.Unpublish(pair, id);
    tables_.pairs.Release(pair, epoch);
  }
  tables_.allotted.remove(id);
  if (const auto slot = slots_.find(series->slot); --slot->second == 0) slots_.erase(slot);
  tables_.series.Remove(id, epoch);
  ++forgotten_;
}

void SeriesIndex::Forget(absl::Span<const uint32_t> ids) {
  for (size_t begin = 0; begin < ids.size(); begin += kChangedAtOnce) {
    absl::MutexLock lock(&tables_.mutex);
    const uint64_t epoch = tables_.pins.Retire();
    for (const uint32_t id : ids.subspan(begin, kChangedAtOnce)) ForgetOne(id, epoch);
    Reclaim(kChangedAtOnce * kReclaimedPerSeries);
  }
}

void SeriesIndex::Reclaim(size_t items_max) {
  const uint64_t epoch_end = tables_.pins.OldestPinned();
  tables_.series.Reclaim(epoch_end, items_max);
  tables_.pairs.Reclaim(epoch_end, items_max);
}

void SeriesIndex::SkipIdsBelow(uint32_t id) {
  absl::MutexLock lock(&tables_.mutex);
  id_next_ = std::max(id_next_, id);
}

uint32_t SeriesIndex::IdNext() const {
  absl::ReaderMutexLock lock(&tables_.mutex);
  return id_next_;
}

bool SeriesIndex::IsAllotted(uint32_t id) const {
  absl::ReaderMutexLock lock(&tables_.mutex);
  return tables_.series.Find(id) != nullptr;
}

bool SeriesIndex::IsPublished(uint32_t id) const {
  absl::ReaderMutexLock lock(&tables_.mutex);
  return tables_.published.contains(id);
}

bool SeriesIndex::WasEver(uint32_t id) const {
  absl::ReaderMutexLock lock(&tables_.mutex);
  return id != 0 && id < id_next_;
}

uint16_t SeriesIndex::SlotOfSeries(uint32_t id) const {
  absl::ReaderMutexLock lock(&tables_.mutex);
  const SeriesEntry* series = tables_.series.Find(id);
  return series == nullptr ? uint16_t{0} : series->slot;
}

Labels SeriesIndex::LabelsOf(uint32_t id) const {
  absl::ReaderMutexLock lock(&tables_.mutex);
  const SeriesEntry* series = tables_.series.Find(id);
  return series == nullptr ? Labels() : storage::LabelsOf(*tables_.pairs.directory(), *series);
}

Roaring SeriesIndex::IdsInternedWithin(absl::Duration age) const {
  MatcherResolution reading(tables_, cache_);
  Roaring all;
  {
    absl::ReaderMutexLock lock(&tables_.mutex);
    all = tables_.allotted;
  }
  const uint32_t now = MinuteNow();
  const auto minutes = static_cast<uint32_t>(
      std::min<int64_t>(absl::ToInt64Minutes(absl::Ceil(age, absl::Minutes(1))), now));
  const uint32_t oldest = std::max(kMinuteBegun, now - minutes);
  Roaring recent;
  for (const SeriesEntry* series : reading.SeriesOf(all)) {
    // Only read; atomic_ref has no const form.
    auto& minute = const_cast<uint32_t&>(series->touched_minute);
    const bool is_recent = std::atomic_ref(minute).load(std::memory_order_relaxed) >= oldest;
    if (is_recent) recent.add(series->id);
  }
  return recent;
}

std::vector<uint32_t> SeriesIndex::IdleIds(const Roaring& alive, absl::Duration age) const {
  Roaring idle;
  {
    absl::ReaderMutexLock lock(&tables_.mutex);
    idle = tables_.allotted;
  }
  // Later than the copy: a series that comes meanwhile is not in it.
  idle -= IdsInternedWithin(age);
  idle -= alive;
  std::vector<uint32_t> ids(idle.cardinality());
  idle.toUint32Array(ids.data());
  return ids;
}

absl::StatusOr<SeriesSelection> SeriesIndex::Select(absl::Span<const Matcher> matchers,
                                                    uint64_t series_max) const {
  MatcherResolution resolution(tables_, cache_);
  const Roaring found = resolution.Resolve(matchers);
  if (const uint64_t count = found.cardinality(); count > series_max) {
    return absl::ResourceExhaustedError(absl::StrCat("selection matches ", count,
                                                     " series, at most ", series_max,
                                                     " are allowed; add matchers"));
  }
  std::vector<const SeriesEntry*> series = resolution.SeriesOf(found);
  const bool undisturbed = tables_.pins.IsCurrent(resolution.pin());
  const std::shared_ptr<const PairDirectory> pairs = resolution.directory();
  SeriesSelection selection(std::move(resolution).TakePin(), pairs, std::move(series));
  if (!undisturbed) selection.DropTwins();
  return selection;
}

std::vector<std::string> SeriesIndex::LabelNames(absl::Span<const Matcher> matchers) const {
  std::vector<std::string> names;
  if (matchers.empty()) {
    absl::ReaderMutexLock lock(&tables_.mutex);
    for (const auto& [text, name] : tables_.pairs.names()) {
      if (name->published > 0) names.emplace_back(text);
    }
  } else {
    MatcherResolution resolution(tables_, cache_);
    absl::flat_hash_set<const LabelName*> seen;
    for (const PairId pair : resolution.PairsAmong(resolution.Resolve(matchers))) {
      const LabelName* name = (*resolution.directory())[pair].name;
      if (seen.insert(name).second) names.push_back(name->text);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::vector<std::string> SeriesIndex::LabelValues(absl::string_view label,
                                                  absl::Span<const Matcher> matchers) const {
  MatcherResolution resolution(tables_, cache_);
  std::vector<std::string> values;
  for (const PairId pair : resolution.PairsAmong(label, resolution.Resolve(matchers))) {
    values.emplace_back((*resolution.directory())[pair].value());
  }
  std::sort(values.begin(), values.end());
  return values;
}

uint64_t SeriesIndex::SeriesCount() const {
  absl::ReaderMutexLock lock(&tables_.mutex);
  return tables_.published.cardinality();
}

std::vector<uint16_t> SeriesIndex::SlotsInUse() const {
  std::vector<uint16_t> slots;
  {
    absl::ReaderMutexLock lock(&tables_.mutex);
    for (const auto& [slot, series] : slots_) slots.push_back(slot);
  }
  std::sort(slots.begin(), slots.end());
  return slots;
}

CardinalityReport SeriesIndex::Cardinality(size_t top) const {
  uint32_t id_new = 0;
  uint32_t id_next = 0;
  uint64_t forgotten = 0;
  {
    absl::ReaderMutexLock lock(&tables_.mutex);
    id_next = id_next_;
    id_new = created_.FirstOfLastHour(MinuteNow(), id_next_);
    forgotten = forgotten_;
  }
  CardinalityReport report = CountCardinality(tables_, top, id_new, id_next);
  report.series_max = limits_.series_max;
  report.series_per_instance_max = limits_.series_per_instance_max;
  report.series_forgotten = forgotten;
  return report;
}

}  // namespace ora::storage
