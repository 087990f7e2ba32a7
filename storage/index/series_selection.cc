#include "storage/index/series_selection.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/container/inlined_vector.h"

namespace ora::storage {
namespace {

// Fewer are sorted by comparing their labels: to rank the labels first would take longer.
constexpr size_t kRankedMin = 2048;
constexpr int kKeyBits = 64;

// A name that died and came back is there twice while somebody looks at its old pairs.
bool SameName(const LabelPair& a, const LabelPair& b) {
  return a.name == b.name || a.name->text == b.name->text;
}

bool PairBefore(const LabelPair& a, const LabelPair& b) {
  return SameName(a, b) ? a.value() < b.value() : a.name->text < b.name->text;
}

bool LabelsBefore(const PairDirectory& pairs, const SeriesEntry& a, const SeriesEntry& b) {
  const absl::Span<const PairId> left = a.labels();
  const absl::Span<const PairId> right = b.labels();
  const size_t common = std::min(left.size(), right.size());
  for (size_t i = 0; i < common; ++i) {
    if (left[i] == right[i]) continue;
    const LabelPair& a = pairs[left[i]];
    const LabelPair& b = pairs[right[i]];
    if (SameName(a, b) && a.value() == b.value()) continue;
    return PairBefore(a, b);
  }
  return left.size() < right.size();
}

}  // namespace

Labels LabelsOf(const PairDirectory& pairs, const SeriesEntry& series) {
  constexpr size_t kUsualLabels = 16;
  absl::InlinedVector<LabelView, kUsualLabels> labels;
  for (const PairId id : series.labels()) {
    const LabelPair& pair = pairs[id];
    labels.push_back({pair.name->text, pair.value()});
  }
  return Labels::OfSorted(labels);
}

SeriesSelection::SeriesSelection(EpochPins::Pin pin, std::shared_ptr<const PairDirectory> pairs,
                                 std::vector<const SeriesEntry*> series)
    : pin_(std::move(pin)), pairs_(std::move(pairs)), series_(std::move(series)) {
  SortByLabels(*pairs_, series_);
}

void SeriesSelection::DropTwins() {
  const auto twins = [this](const SeriesEntry* a, const SeriesEntry* b) {
    return !LabelsBefore(*pairs_, *a, *b);
  };
  series_.erase(std::unique(series_.begin(), series_.end(), twins), series_.end());
}

absl::string_view SeriesSelection::LabelValueAt(size_t position, absl::string_view name) const {
  for (const PairId id : series_[position]->labels()) {
    const LabelPair& pair = (*pairs_)[id];
    if (pair.name->text == name) return pair.value();
  }
  return "";
}

Labels SeriesSelection::LabelsAt(size_t position) const {
  return LabelsOf(*pairs_, *series_[position]);
}

namespace {

// The places in the series' labels at which they differ.
std::vector<size_t> VaryingColumns(const std::vector<const SeriesEntry*>& series) {
  size_t widest = 0;
  for (const SeriesEntry* one : series) widest = std::max<size_t>(widest, one->label_count);
  std::vector<bool> varies(widest);
  const absl::Span<const PairId> first = series[0]->labels();
  for (const SeriesEntry* one : series) {
    const absl::Span<const PairId> labels = one->labels();
    const size_t common = std::min(first.size(), labels.size());
    for (size_t i = 0; i < common; ++i) {
      if (labels[i] != first[i]) varies[i] = true;
    }
    for (size_t i = common; i < std::max(first.size(), labels.size()); ++i) varies[i] = true;
  }
  std::vector<size_t> columns;
  for (size_t i = 0; i < widest; ++i) {
    if (varies[i]) columns.push_back(i);
  }
  return columns;
}

// The pairs of one name, sorted by value.
void SortValues(const PairDirectory& pairs, std::vector<PairId>::iterator begin,
                std::vector<PairId>::iterator end) {
  // Eight bytes after what all begin with nearly always decide, and are compared at once.
  absl::string_view shared = pairs[*begin].value();
  for (auto at = begin; at != end; ++at) {
    const absl::string_view value = pairs[*at].value();
    const auto differ = std::mismatch(shared.begin(), shared.end(), value.begin(), value.end());
    shared = shared.substr(0, static_cast<size_t>(differ.first - shared.begin()));
  }
  struct Keyed {
    uint64_t key;
    PairId id;
  };
  std::vector<Keyed> keyed;
  keyed.reserve(static_cast<size_t>(end - begin));
  for (auto at = begin; at != end; ++at) {
    const absl::string_view tail = pairs[*at].value().substr(shared.size());
    uint64_t key = 0;
    for (size_t i = 0; i < sizeof(key); ++i) {
      key = key << 8 | (i < tail.size() ? static_cast<uint8_t>(tail[i]) : 0);
    }
    keyed.push_back({key, *at});
  }
  std::sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    if (a.key != b.key) return a.key < b.key;
    return pairs[a.id].value() < pairs[b.id].value();
  });
  for (const Keyed& one : keyed) *begin++ = one.id;
}

// For each pair in the columns its place among them, from 1 on; by the pair's number.
struct Ranks {
  std::vector<uint32_t> by_pair;
  uint32_t count = 0;
};

Ranks RankPairs(const PairDirectory& pairs, const std::vector<const SeriesEntry*>& series,
                const std::vector<size_t>& columns) {
  Ranks ranks;
  ranks.by_pair.resize(pairs.size());
  std::vector<PairId> distinct;
  for (const SeriesEntry* one : series) {
    for (const size_t column : columns) {
      if (column >= one->label_count) break;
      const PairId id = one->labels()[column];
      if (std::exchange(ranks.by_pair[id], 1) == 0) distinct.push_back(id);
    }
  }
  std::stable_sort(distinct.begin(), distinct.end(), [&](PairId a, PairId b) {
    return pairs[a].name != pairs[b].name && pairs[a].name->text < pairs[b].name->text;
  });
  for (auto begin = distinct.begin(); begin != distinct.end();) {
    const auto end = std::find_if_not(
        begin, distinct.end(), [&](PairId id) { return SameName(pairs[id], pairs[*begin]); });
    SortValues(pairs, begin, end);
    begin = end;
  }
  const LabelPair* last = nullptr;
  for (const PairId id : distinct) {
    const LabelPair& pair = pairs[id];
    const bool same = last != nullptr && SameName(*last, pair) && last->value() == pair.value();
    if (!same) ++ranks.count;
    ranks.by_pair[id] = ranks.count;
    last = &pair;
  }
  return ranks;
}

}  // namespace

void SortByLabels(const PairDirectory& pairs, std::vector<const SeriesEntry*>& series) {
  const auto before = [&pairs](const SeriesEntry* a, const SeriesEntry* b) {
    return LabelsBefore(pairs, *a, *b);
  };
  if (series.size() < kRankedMin) {
    std::sort(series.begin(), series.end(), before);
    return;
  }
  std::vector<size_t> columns = VaryingColumns(series);
  const Ranks ranks = RankPairs(pairs, series, columns);
  // As many of the columns as fit make a number by which the series sort; an absent label is 0.
  const int bits = std::bit_width(ranks.count);
  const size_t fit = bits == 0 ? 0 : static_cast<size_t>(kKeyBits / bits);
  if (columns.size() > fit) columns.resize(fit);
  struct Keyed {
    uint64_t key;
    const SeriesEntry* series;
  };
  std::vector<Keyed> keyed;
  keyed.reserve(series.size());
  for (const SeriesEntry* one : series) {
    uint64_t key = 0;
    for (const size_t column : columns) {
      const bool present = column < one->label_count;
      key = key << bits | (present ? ranks.by_pair[one->labels()[column]] : 0);
    }
    keyed.push_back({key, one});
  }
  std::sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    return a.key != b.key ? a.key < b.key : before(a.series, b.series);
  });
  for (size_t i = 0; i < series.size(); ++i) series[i] = keyed[i].series;
}

}  // namespace ora::storage
