#include "storage/tsdb/partitions/sample_stretches.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace ora::storage {
namespace {

// Appends both, which ascend, to `to` in order; at equal times the sample of `newer` stays.
void MergeTwo(const SampleColumns& from, const SampleStretch& older, const SampleStretch& newer,
              SampleColumns& to) {
  const auto take = [&](size_t at) {
    to.time_millis.push_back(from.time_millis[at]);
    to.values.push_back(from.values[at]);
  };
  size_t a = older.begin;
  size_t b = newer.begin;
  while (a < older.end && b < newer.end) {
    const int64_t time_a = from.time_millis[a];
    const int64_t time_b = from.time_millis[b];
    if (time_a < time_b) {
      take(a++);
      continue;
    }
    if (time_a == time_b) ++a;
    take(b++);
  }
  const SampleStretch rest =
      a < older.end ? SampleStretch{a, older.end} : SampleStretch{b, newer.end};
  const auto append = [&](const auto& source, auto& target) {
    target.insert(target.end(), source.begin() + static_cast<std::ptrdiff_t>(rest.begin),
                  source.begin() + static_cast<std::ptrdiff_t>(rest.end));
  };
  append(from.time_millis, to.time_millis);
  append(from.values, to.values);
}

}  // namespace

bool Ascends(const SampleColumns& columns, size_t begin) {
  const auto& times = columns.time_millis;
  return std::adjacent_find(times.begin() + static_cast<std::ptrdiff_t>(begin), times.end(),
                            std::greater_equal<>()) == times.end();
}

void SortTail(size_t begin, SampleColumns& columns) {
  if (Ascends(columns, begin)) return;
  std::vector<Sample> samples;
  samples.reserve(columns.size() - begin);
  for (size_t i = begin; i < columns.size(); ++i) {
    samples.push_back({columns.time_millis[i], columns.values[i]});
  }
  std::stable_sort(samples.begin(), samples.end(),
                   [](const Sample& a, const Sample& b) { return a.time_millis < b.time_millis; });
  size_t end = begin;
  for (const Sample& sample : samples) {
    if (end > begin && columns.time_millis[end - 1] == sample.time_millis) --end;
    columns.time_millis[end] = sample.time_millis;
    columns.values[end] = sample.value;
    ++end;
  }
  columns.time_millis.resize(end);
  columns.values.resize(end);
}

void TrimTail(const TimeRange& range, size_t begin, SampleColumns& columns) {
  auto& times = columns.time_millis;
  if (times.size() == begin) return;
  const auto from = times.begin() + static_cast<std::ptrdiff_t>(begin);
  if (times.back() > range.end_millis) {
    const auto end = std::upper_bound(from, times.end(), range.end_millis) - times.begin();
    times.resize(static_cast<size_t>(end));
    columns.values.resize(static_cast<size_t>(end));
  }
  if (times.size() == begin || times[begin] >= range.start_millis) return;
  const auto kept = std::lower_bound(from, times.end(), range.start_millis);
  const auto cut = kept - from;
  times.erase(from, kept);
  const auto value = columns.values.begin() + static_cast<std::ptrdiff_t>(begin);
  columns.values.erase(value, value + cut);
}

void OrderStretches(std::vector<SampleStretch>& stretches, SampleColumns& columns) {
  std::erase_if(stretches, [](const SampleStretch& one) { return one.begin == one.end; });
  bool ordered = true;
  for (size_t i = 1; i < stretches.size() && ordered; ++i) {
    ordered =
        columns.time_millis[stretches[i - 1].end - 1] < columns.time_millis[stretches[i].begin];
  }
  if (ordered) return;
  std::stable_sort(stretches.begin(), stretches.end(),
                   [](const SampleStretch& a, const SampleStretch& b) { return a.rank < b.rank; });
  // Neighbours in pairs, until one is left.
  while (stretches.size() > 1) {
    SampleColumns merged;
    merged.time_millis.reserve(columns.size());
    merged.values.reserve(columns.size());
    std::vector<SampleStretch> longer;
    for (size_t i = 0; i < stretches.size(); i += 2) {
      const size_t begin = merged.size();
      const SampleStretch none{stretches[i].end, stretches[i].end};
      MergeTwo(columns, stretches[i], i + 1 < stretches.size() ? stretches[i + 1] : none, merged);
      longer.push_back({begin, merged.size(), 0});
    }
    columns = std::move(merged);
    stretches = std::move(longer);
  }
}

}  // namespace ora::storage
