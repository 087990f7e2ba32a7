#include "storage/index/series_index.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

constexpr size_t kLabelsMax = std::numeric_limits<uint16_t>::max();

}  // namespace

size_t SeriesIndex::HashLabels::operator()(SymbolView labels) const {
  uint64_t hash = labels.size();
  for (const SymbolPair& label : labels) {
    hash = absl::HashOf(hash, label.name, label.value);
  }
  return hash;
}

SeriesIndex::SeriesIndex(uint64_t series_max)
    : series_max_(std::min<uint64_t>(series_max, std::numeric_limits<uint32_t>::max() - 1)),
      series_(1),
      by_labels_(0, HashLabels{&series_}, SameLabels{&series_}) {}

std::vector<SeriesIndex::SymbolPair> SeriesIndex::SymbolsOf(const Labels& labels) {
  std::vector<SymbolPair> pairs;
  pairs.reserve(labels.size());
  for (const Label& label : labels) {
    pairs.push_back({symbols_.Intern(label.name), symbols_.Intern(label.value)});
  }
  return pairs;
}

absl::optional<std::vector<SeriesIndex::SymbolPair>> SeriesIndex::FindSymbolsOf(
    const Labels& labels) const {
  std::vector<SymbolPair> pairs;
  pairs.reserve(labels.size());
  for (const Label& label : labels) {
    const absl::optional<Symbol> name = symbols_.Find(label.name);
    const absl::optional<Symbol> value = symbols_.Find(label.value);
    if (!name || !value) return absl::nullopt;
    pairs.push_back({*name, *value});
  }
  return pairs;
}

void SeriesIndex::Place(Entry entry, SymbolView labels) {
  if (entry.id >= series_.size()) series_.resize(entry.id + 1);
  Series& series = series_[entry.id];
  series.labels = std::make_unique<SymbolPair[]>(labels.size());
  std::copy(labels.begin(), labels.end(), series.labels.get());
  series.label_count = static_cast<uint16_t>(labels.size());
  series.slot = entry.slot;
  series.allotted = true;
  by_labels_.insert(entry.id);
}

absl::StatusOr<SeriesIndex::Entry> SeriesIndex::Allot(uint16_t slot, const Labels& labels) {
  if (labels.size() > kLabelsMax) {
    return absl::InvalidArgumentError(absl::StrCat("series ", labels.Get(kMetricNameLabel), " has ",
                                                   labels.size(), " labels, at most ", kLabelsMax,
                                                   " are allowed; drop some"));
  }
  {
    // Nearly always the series is known: then readers need not wait.
    absl::ReaderMutexLock lock(&mutex_);
    if (const auto known = FindSymbolsOf(labels)) {
      const auto at = by_labels_.find(SymbolView(*known));
      if (at != by_labels_.end()) return Entry{*at, series_[*at].slot};
    }
  }
  absl::MutexLock lock(&mutex_);
  if (const auto known = FindSymbolsOf(labels)) {
    const auto at = by_labels_.find(SymbolView(*known));
    if (at != by_labels_.end()) return Entry{*at, series_[*at].slot};
  }
  if (by_labels_.size() >= series_max_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("store has ", by_labels_.size(), " series, its limit; a new one of metric ",
                     labels.Get(kMetricNameLabel),
                     " is refused; drop labels of many values or raise the limit"));
  }
  const Entry entry{static_cast<uint32_t>(series_.size()), slot};
  Place(entry, SymbolsOf(labels));
  return entry;
}

absl::Status SeriesIndex::Restore(Entry entry, const Labels& labels) {
  absl::MutexLock lock(&mutex_);
  const std::vector<SymbolPair> pairs = SymbolsOf(labels);
  const bool id_taken = entry.id < series_.size() && series_[entry.id].allotted;
  if (entry.id == 0 || id_taken || by_labels_.contains(SymbolView(pairs))) {
    return absl::DataLossError(absl::StrCat("series ", entry.id, " ", labels.ToString(),
                                            " is in the store under two ids, or its id twice"));
  }
  Place(entry, pairs);
  PublishOne(entry.id);
  return absl::OkStatus();
}

void SeriesIndex::PublishOne(uint32_t id) {
  for (const SymbolPair& label : ViewOf(series_[id])) {
    postings_.Add(id, symbols_.TextOf(label.name), symbols_.TextOf(label.value));
  }
  postings_.AddSeries(id);
}

void SeriesIndex::Publish(absl::Span<const uint32_t> ids) {
  if (ids.empty()) return;
  absl::MutexLock lock(&mutex_);
  for (const uint32_t id : ids) PublishOne(id);
}

uint32_t SeriesIndex::IdNext() const {
  absl::ReaderMutexLock lock(&mutex_);
  return static_cast<uint32_t>(series_.size());
}

bool SeriesIndex::IsAllotted(uint32_t id) const {
  absl::ReaderMutexLock lock(&mutex_);
  return id < series_.size() && series_[id].allotted;
}

bool SeriesIndex::IsPublished(uint32_t id) const {
  absl::ReaderMutexLock lock(&mutex_);
  return postings_.all().contains(id);
}

void SeriesIndex::SkipIdsBelow(uint32_t id) {
  absl::MutexLock lock(&mutex_);
  if (id > series_.size()) series_.resize(id);
}

uint16_t SeriesIndex::SlotOfSeries(uint32_t id) const {
  absl::ReaderMutexLock lock(&mutex_);
  return series_[id].slot;
}

Labels SeriesIndex::LabelsOf(uint32_t id) const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<Label> labels;
  for (const SymbolPair& label : ViewOf(series_[id])) {
    labels.push_back(
        {std::string(symbols_.TextOf(label.name)), std::string(symbols_.TextOf(label.value))});
  }
  return Labels(std::move(labels));
}

bool SeriesIndex::Before(uint32_t a, uint32_t b) const {
  const SymbolView left = ViewOf(series_[a]);
  const SymbolView right = ViewOf(series_[b]);
  for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (left[i].name != right[i].name) {
      return symbols_.TextOf(left[i].name) < symbols_.TextOf(right[i].name);
    }
    if (left[i].value != right[i].value) {
      return symbols_.TextOf(left[i].value) < symbols_.TextOf(right[i].value);
    }
  }
  return left.size() < right.size();
}

absl::StatusOr<std::vector<SeriesIndex::Entry>> SeriesIndex::Select(
    absl::Span<const Matcher> matchers, uint64_t series_max) const {
  absl::ReaderMutexLock lock(&mutex_);
  const Roaring found = postings_.Resolve(matchers);
  if (const uint64_t count = found.cardinality(); count > series_max) {
    return absl::ResourceExhaustedError(absl::StrCat("selection matches ", count,
                                                     " series, at most ", series_max,
                                                     " are allowed; add matchers"));
  }
  std::vector<uint32_t> ids(found.cardinality());
  found.toUint32Array(ids.data());
  const auto before = [this](uint32_t a, uint32_t b)
                          ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return Before(a, b); };
  std::sort(ids.begin(), ids.end(), before);
  std::vector<Entry> entries;
  entries.reserve(ids.size());
  for (const uint32_t id : ids) entries.push_back({id, series_[id].slot});
  return entries;
}

std::vector<std::string> SeriesIndex::LabelNames(absl::Span<const Matcher> matchers) const {
  absl::ReaderMutexLock lock(&mutex_);
  return postings_.NamesAmong(postings_.Resolve(matchers));
}

std::vector<std::string> SeriesIndex::LabelValues(absl::string_view label,
                                                  absl::Span<const Matcher> matchers) const {
  absl::ReaderMutexLock lock(&mutex_);
  return postings_.ValuesAmong(label, postings_.Resolve(matchers));
}

uint64_t SeriesIndex::SeriesCount() const {
  absl::ReaderMutexLock lock(&mutex_);
  return postings_.all().cardinality();
}

std::vector<uint16_t> SeriesIndex::SlotsInUse() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<bool> used(uint32_t{std::numeric_limits<uint16_t>::max()} + 1);
  for (const Series& series : series_) {
    if (series.allotted) used[series.slot] = true;
  }
  std::vector<uint16_t> slots;
  for (uint32_t slot = 0; slot < used.size(); ++slot) {
    if (used[slot]) slots.push_back(static_cast<uint16_t>(slot));
  }
  return slots;
}

}  // namespace ora::storage
