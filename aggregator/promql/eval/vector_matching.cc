#include "aggregator/promql/eval/vector_matching.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "aggregator/promql/eval/binary_operators.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/status/status_macros.h"

namespace ora::promql {
namespace {

using storage::Label;
using storage::Labels;

// The labels by which series meet.
Labels Signature(const VectorMatching& matching, const Labels& labels) {
  if (matching.match_on == MatchOn::kIgnoring) {
    Labels kept = labels;
    for (const std::string& name : matching.labels) kept.Remove(name);
    kept.Remove(storage::kMetricNameLabel);
    return kept;
  }
  std::vector<Label> kept;
  for (const std::string& name : matching.labels) {
    kept.push_back({name, std::string(labels.Get(name))});
  }
  return Labels(std::move(kept));
}

// What becomes of the name where a comparison gives 0 or 1.
bool DropsNameAtOnce(const Binary& binary, NameRemoval removal) {
  return !IsComparison(binary.op) || (binary.return_bool && removal == NameRemoval::kAtOnce);
}

Labels ResultLabels(const Binary& binary, NameRemoval removal, const Labels& many,
                    const Labels& one) {
  const VectorMatching& matching = binary.matching;
  Labels result = many;
  if (DropsNameAtOnce(binary, removal)) result.Remove(storage::kMetricNameLabel);
  if (matching.cardinality == Cardinality::kOneToOne) {
    if (matching.match_on == MatchOn::kOn) return Signature(matching, result);
    for (const std::string& name : matching.labels) result.Remove(name);
  }
  for (const std::string& name : matching.include) result.Set(name, one.Get(name));
  return result;
}

// `{__name__="up", job="node"}`, as Prometheus names series in errors.
std::string InBraces(const Labels& labels) {
  std::string text;
  for (const storage::LabelView label : labels) {
    absl::StrAppend(&text, text.empty() ? "" : ", ",
                    IsPlainLabelName(label.name) ? label.name : Quote(label.name), "=",
                    Quote(label.value));
  }
  return absl::StrCat("{", text, "}");
}

StepBits AnyPresent(const VectorGrid& vector, size_t steps) {
  StepBits any(steps);
  for (const GridSeries& series : vector) any.Add(series.present);
  return any;
}

class Matching {
 public:
  Matching(const Binary& binary, NameRemoval removal, VectorGrid many, VectorGrid one, size_t steps)
      : binary_(binary),
        removal_(removal),
        many_(std::move(many)),
        one_(std::move(one)),
        steps_(steps) {}

  absl::StatusOr<VectorGrid> Run(const QueryState& state) {
    KeepStepsOfBoth();
    ORA_RETURN_IF_ERROR(CollectOneSide());
    ORA_RETURN_IF_ERROR(state.CheckSize(many_.size(), steps_));
    for (const GridSeries& series : many_) {
      ORA_RETURN_IF_ERROR(state.CheckAlive());
      const auto group = groups_.find(Signature(binary_.matching, series.labels));
      if (group == groups_.end()) continue;
      for (const size_t partner : group->second.members) {
        if (!series.present.Intersects(one_[partner].present)) continue;
        ORA_RETURN_IF_ERROR(Meet(series, one_[partner], group->second));
      }
    }
    return WithoutEmpty(std::move(result_));
  }

 private:
  struct MatchGroup {
    std::vector<size_t> members;  // Of the one side; no two have a value at one step.
    StepBits matched;             // Steps at which a result exists, for one-to-one.
    std::vector<size_t> results;  // Columns that have come of this group.
  };

  // Where a side is empty there is no result and no error.
  void KeepStepsOfBoth() {
    StepBits both = AnyPresent(many_, steps_);
    both.Keep(AnyPresent(one_, steps_));
    for (GridSeries& series : many_) series.present.Keep(both);
    for (GridSeries& series : one_) series.present.Keep(both);
  }

  absl::Status CollectOneSide() {
    for (size_t i = 0; i < one_.size(); ++i) {
      Labels signature = Signature(binary_.matching, one_[i].labels);
      MatchGroup& group = groups_[signature];
      for (const size_t member : group.members) {
        if (one_[member].present.Intersects(one_[i].present)) {
          return DuplicateOnOneSide(signature, one_[i], one_[member]);
        }
      }
      if (group.members.empty()) group.matched = StepBits(steps_);
      group.members.push_back(i);
    }
    return absl::OkStatus();
  }

  absl::Status DuplicateOnOneSide(const Labels& signature, const GridSeries& later,
                                  const GridSeries& earlier) const {
    const bool left = binary_.matching.cardinality == Cardinality::kOneToMany;
    return absl::InvalidArgumentError(absl::StrCat(
        "found duplicate series for the match group ", InBraces(signature), " on the ",
        left ? "left" : "right", " hand-side of the operation: [", InBraces(later.labels), ", ",
        InBraces(earlier.labels),
        "];many-to-many matching not allowed: matching labels must be unique on one side"));
  }

  absl::Status Meet(const GridSeries& many, const GridSeries& one, MatchGroup& group) {
    const bool one_is_left = binary_.matching.cardinality == Cardinality::kOneToMany;
    const GridSeries& left = one_is_left ? one : many;
    const GridSeries& right = one_is_left ? many : one;
    const bool filter = IsComparison(binary_.op) && !binary_.return_bool;
    StepBits steps = many.present;
    steps.Keep(one.present);
    if (filter) {
      StepBits failed(steps_);
      steps.ForEach([&](size_t step) {
        if (!Holds(binary_.op, left.values[step], right.values[step])) failed.Set(step);
      });
      steps.Remove(failed);
    }
    if (!steps.Any()) return absl::OkStatus();
    if (binary_.matching.cardinality == Cardinality::kOneToOne) {
      if (group.matched.Intersects(steps)) {
        return absl::InvalidArgumentError(
            "multiple matches for labels: many-to-one matching must be explicit "
            "(group_left/group_right)");
      }
      group.matched.Add(steps);
    }
    ORA_ASSIGN_OR_RETURN(const size_t column, ColumnFor(many, one, steps, group));
    GridSeries& result = result_[column];
    steps.ForEach([&](size_t step) {
      result.Put(step, filter ? left.values[step]
                              : Compute(binary_.op, left.values[step], right.values[step]));
    });
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> ColumnFor(const GridSeries& many, const GridSeries& one,
                                   const StepBits& steps, MatchGroup& group) {
    Labels labels = ResultLabels(binary_, removal_, many.labels, one.labels);
    const auto [place, fresh] = columns_.try_emplace(labels, result_.size());
    const size_t column = place->second;
    const bool of_group =
        std::find(group.results.begin(), group.results.end(), column) != group.results.end();
    if (fresh) {
      GridSeries series(std::move(labels), steps_);
      // As in Prometheus, a filter between vectors brings back a name that was to go.
      series.drop_name = binary_.return_bool;
      result_.push_back(std::move(series));
    } else if (result_[column].present.Intersects(steps)) {
      return absl::InvalidArgumentError(
          of_group ? "multiple matches for labels: grouping labels must ensure unique matches"
                   : "vector cannot contain metrics with the same labelset");
    }
    if (!of_group) group.results.push_back(column);
    return column;
  }

  const Binary& binary_;
  const NameRemoval removal_;
  VectorGrid many_;
  VectorGrid one_;
  const size_t steps_;
  absl::flat_hash_map<Labels, MatchGroup> groups_;
  absl::flat_hash_map<Labels, size_t> columns_;
  VectorGrid result_;
};

}  // namespace

absl::StatusOr<VectorGrid> MatchVectors(const Binary& binary, VectorGrid left, VectorGrid right,
                                        const StepGrid& grid, QueryState& state) {
  if (binary.matching.cardinality == Cardinality::kOneToMany) std::swap(left, right);
  return Matching(binary, state.context().name_removal, std::move(left), std::move(right),
                  grid.count)
      .Run(state);
}

absl::StatusOr<VectorGrid> CombineSets(const Binary& binary, VectorGrid left, VectorGrid right,
                                       const StepGrid& grid) {
  const bool is_or = binary.op == BinaryOperator::kOr;
  VectorGrid& filter = is_or ? left : right;
  VectorGrid& filtered = is_or ? right : left;
  absl::flat_hash_map<Labels, StepBits> seen;
  for (const GridSeries& series : filter) {
    const auto [place, fresh] =
        seen.try_emplace(Signature(binary.matching, series.labels), StepBits(grid.count));
    place->second.Add(series.present);
  }
  const StepBits none(grid.count);
  for (GridSeries& series : filtered) {
    const auto found = seen.find(Signature(binary.matching, series.labels));
    const StepBits& partners = found == seen.end() ? none : found->second;
    if (binary.op == BinaryOperator::kAnd) {
      series.present.Keep(partners);
    } else {
      series.present.Remove(partners);
    }
  }
  if (is_or) {
    for (GridSeries& series : right) left.push_back(std::move(series));
  }
  return Unite(WithoutEmpty(std::move(left)), SameLabels::kMerge);
}

}  // namespace ora::promql
