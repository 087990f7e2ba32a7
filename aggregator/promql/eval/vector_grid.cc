#include "aggregator/promql/eval/vector_grid.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

namespace ora::promql {
namespace {

absl::Status SameLabelset() {
  return absl::InvalidArgumentError("vector cannot contain metrics with the same labelset");
}

}  // namespace

bool StepBits::Any() const {
  return std::any_of(words_.begin(), words_.end(), [](uint64_t word) { return word != 0; });
}

bool StepBits::Intersects(const StepBits& other) const {
  for (size_t i = 0; i < words_.size(); ++i) {
    if ((words_[i] & other.words_[i]) != 0) return true;
  }
  return false;
}

void StepBits::Add(const StepBits& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
}

void StepBits::Keep(const StepBits& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
}

void StepBits::Remove(const StepBits& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
}

VectorGrid WithoutEmpty(VectorGrid grid) {
  grid.erase(std::remove_if(grid.begin(), grid.end(),
                            [](const GridSeries& series) { return !series.present.Any(); }),
             grid.end());
  return grid;
}

absl::StatusOr<VectorGrid> Unite(VectorGrid grid, SameLabels same) {
  using Key = std::pair<storage::Labels, bool>;
  absl::flat_hash_map<Key, size_t> places;
  places.reserve(grid.size());
  VectorGrid united;
  united.reserve(grid.size());
  for (GridSeries& series : grid) {
    const auto [place, fresh] =
        places.try_emplace(Key(series.labels, series.drop_name), united.size());
    if (fresh) {
      united.push_back(std::move(series));
      continue;
    }
    GridSeries& first = united[place->second];
    if (same == SameLabels::kRefuse || first.present.Intersects(series.present)) {
      return SameLabelset();
    }
    series.present.ForEach([&](size_t step) { first.Put(step, series.values[step]); });
  }
  return united;
}

absl::StatusOr<VectorGrid> DropNames(VectorGrid grid, NameRemoval removal, SameLabels same) {
  grid = WithoutEmpty(std::move(grid));
  for (GridSeries& series : grid) {
    if (removal == NameRemoval::kDelayed) {
      series.drop_name = true;
    } else {
      series.labels.Remove(storage::kMetricNameLabel);
    }
  }
  if (removal == NameRemoval::kDelayed) return grid;
  return Unite(std::move(grid), same);
}

absl::StatusOr<VectorGrid> FinishNames(VectorGrid grid) {
  grid = WithoutEmpty(std::move(grid));
  for (GridSeries& series : grid) {
    if (std::exchange(series.drop_name, false)) series.labels.Remove(storage::kMetricNameLabel);
  }
  return Unite(std::move(grid), SameLabels::kRefuse);
}

}  // namespace ora::promql
