// Aggregations that take one series after the other, and keep none of them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/parser/syntax_tree.h"
#include "storage/labels.h"
#include "storage/series_reader.h"

namespace ora::promql {

// Which series belong together, as the clause `by (...)` or `without (...)` says. One thread's.
class SeriesGroups {
 public:
  struct Group {
    storage::Labels labels;
    bool drop_name = false;  // The metric's name is among them and is to go at the end.
  };

  // `aggregate` must outlive this.
  explicit SeriesGroups(const Aggregate& aggregate);

  // The group's number: 0 for the first, and one more for each that is seen first.
  size_t Find(const GridSeries& series);
  // The same of a cursor's current series; `drops_name` as in GridSeries.
  size_t Find(const storage::SeriesCursor& cursor, bool drops_name);

  size_t size() const { return groups_.size(); }
  // By number; none is left.
  std::vector<Group> Take() { return std::move(groups_); }

 private:
  template <typename ValueOf>
  void AppendKey(const ValueOf& value_of);
  void AppendKeyWithout(const storage::Labels& labels);
  storage::Labels LabelsOfGroup(const storage::Labels& labels) const;
  template <typename LabelsOf>
  size_t Place(const LabelsOf& labels_of, bool drops_name);

  const Aggregate& aggregate_;
  std::string key_;  // Of the series that is being looked for; its memory is used again.
  absl::flat_hash_map<std::string, size_t> places_;
  std::vector<Group> groups_;
};

// Folds the series of each group, step by step, side by side. One thread's.
class GroupFolds {
 public:
  virtual ~GroupFolds() = default;

  // `group` is one that was added to before, or the next.
  virtual void Add(size_t group, const GridSeries& series) = 0;

  // A series of each group, in order, without labels. Nothing may be added after.
  virtual VectorGrid Take() = 0;
};

// Null where the operator needs all series at once: topk, quantile, count_values and their like.
std::unique_ptr<GroupFolds> MakeGroupFolds(AggregateOperator op, const StepGrid& grid);

}  // namespace ora::promql
