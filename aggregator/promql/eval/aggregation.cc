#include "aggregator/promql/eval/aggregation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "aggregator/promql/eval/group_folds.h"
#include "aggregator/promql/eval/label_functions.h"
#include "aggregator/promql/eval/limit_ratio.h"
#include "aggregator/promql/eval/statistics.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/status/status_macros.h"

namespace ora::promql {
namespace {

using storage::Labels;

// A group may be large: between two questions whether the query is to end lie so many steps.
constexpr size_t kStepsBetweenChecks = 64;

struct Group {
  Labels labels;
  bool drop_name = false;
  std::vector<size_t> members;  // Indices of series, ascending.
};

Labels GroupLabels(const Aggregate& aggregate, const Labels& labels) {
  if (aggregate.grouping == Grouping::kWithout) {
    Labels kept = labels;
    for (const std::string& name : aggregate.labels) kept.Remove(name);
    kept.Remove(storage::kMetricNameLabel);
    return kept;
  }
  std::vector<storage::Label> kept;
  for (const std::string& name : aggregate.labels) {
    kept.push_back({name, std::string(labels.Get(name))});
  }
  return Labels(std::move(kept));
}

// In the order in which the groups first appear.
std::vector<Group> MakeGroups(const Aggregate& aggregate, const VectorGrid& vector) {
  std::vector<Group> groups;
  absl::flat_hash_map<Labels, size_t> places;
  for (size_t i = 0; i < vector.size(); ++i) {
    Labels labels = GroupLabels(aggregate, vector[i].labels);
    const auto [place, fresh] = places.try_emplace(labels, groups.size());
    if (fresh) {
      const bool named = labels.Has(storage::kMetricNameLabel);
      groups.push_back({std::move(labels), named && vector[i].drop_name, {}});
    }
    groups[place->second].members.push_back(i);
  }
  return groups;
}

GridSeries SeriesOf(const Group& group, size_t steps) {
  GridSeries series(group.labels, steps);
  series.drop_name = group.drop_name;
  return series;
}

// One pass over each series.
absl::StatusOr<VectorGrid> FoldGroups(const Aggregate& aggregate, const VectorGrid& vector,
                                      GroupFolds& folds, const StepGrid& grid, QueryState& state) {
  SeriesGroups groups(aggregate);
  for (const GridSeries& series : vector) {
    ORA_RETURN_IF_ERROR(state.CheckAlive());
    folds.Add(groups.Find(series), series);
    ORA_RETURN_IF_ERROR(state.CheckSize(groups.size(), grid.count));
  }
  return TakeGroups(groups, folds);
}

absl::StatusOr<VectorGrid> QuantileGroups(const std::vector<Group>& groups,
                                          const VectorGrid& vector,
                                          const AggregateParameter& parameter, const StepGrid& grid,
                                          QueryState& state) {
  VectorGrid result;
  std::vector<double> values;
  for (const Group& group : groups) {
    GridSeries series = SeriesOf(group, grid.count);
    for (size_t step = 0; step < grid.count; ++step) {
      if (step % kStepsBetweenChecks == 0) ORA_RETURN_IF_ERROR(state.CheckAlive());
      values.clear();
      for (const size_t member : group.members) {
        if (vector[member].present.Get(step)) values.push_back(vector[member].values[step]);
      }
      if (values.empty()) continue;
      const double q = parameter.scalar[step];
      if (IsOutsideQuantile(q)) {
        state.Warn(QuantileWarning(q, parameter.place));
      }
      series.Put(step, Quantile(q, values));
    }
    result.push_back(std::move(series));
  }
  return result;
}

// How many to keep at each step.
absl::StatusOr<std::vector<size_t>> CountsToKeep(const ScalarGrid& parameter) {
  std::vector<size_t> counts;
  for (const double k : parameter) {
    if (std::isnan(k)) return absl::InvalidArgumentError("Parameter value is NaN");
    if (k >= 9.2e18) {
      return absl::InvalidArgumentError(
          absl::StrCat("Scalar value ", FormatCompact(k), " overflows int64"));
    }
    counts.push_back(k < 1 ? 0 : static_cast<size_t>(k));
  }
  return counts;
}

// The members that have a value at `step`, the best first where the operator ranks them.
std::vector<size_t> Ranked(AggregateOperator op, const Group& group, const VectorGrid& vector,
                           size_t step) {
  std::vector<size_t> ranked;
  for (const size_t member : group.members) {
    if (vector[member].present.Get(step)) ranked.push_back(member);
  }
  if (op == AggregateOperator::kLimitk) return ranked;
  const bool top = op == AggregateOperator::kTopk;
  std::stable_sort(ranked.begin(), ranked.end(), [&](size_t a, size_t b) {
    const double x = vector[a].values[step];
    const double y = vector[b].values[step];
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
    return top ? x > y : x < y;
  });
  return ranked;
}

// For topk, bottomk and limitk: series stay what they were, at the steps where they are kept.
absl::StatusOr<VectorGrid> PickFromGroups(AggregateOperator op, const std::vector<Group>& groups,
                                          VectorGrid vector, const AggregateParameter& parameter,
                                          const StepGrid& grid, QueryState& state) {
  ORA_ASSIGN_OR_RETURN(const std::vector<size_t> counts, CountsToKeep(parameter.scalar));
  std::vector<StepBits> kept(vector.size(), StepBits(grid.count));
  std::vector<size_t> order;
  for (const Group& group : groups) {
    for (size_t step = 0; step < grid.count; ++step) {
      if (step % kStepsBetweenChecks == 0) ORA_RETURN_IF_ERROR(state.CheckAlive());
      if (counts[step] == 0) continue;
      std::vector<size_t> ranked = Ranked(op, group, vector, step);
      ranked.resize(std::min(ranked.size(), counts[step]));
      for (const size_t member : ranked) kept[member].Set(step);
      if (grid.count == 1) order.insert(order.end(), ranked.begin(), ranked.end());
    }
    if (grid.count > 1) order.insert(order.end(), group.members.begin(), group.members.end());
  }
  VectorGrid result;
  result.reserve(order.size());
  for (const size_t member : order) {
    vector[member].present = kept[member];
    result.push_back(std::move(vector[member]));
  }
  return WithoutEmpty(std::move(result));
}

absl::Status CheckRatios(const AggregateParameter& parameter, QueryState& state) {
  for (const double ratio : parameter.scalar) {
    if (std::isnan(ratio)) return absl::InvalidArgumentError("Ratio value is NaN");
    if (std::fabs(ratio) <= 1) continue;
    state.Warn(absl::StrCat("PromQL warning: ratio value should be between -1 and 1, got ",
                            FormatCompact(ratio), ", capping to ", ratio > 0 ? 1 : -1, " (",
                            parameter.place, ")"));
  }
  return absl::OkStatus();
}

// For limit_ratio: groups do not matter, a series is kept by its labels alone.
absl::StatusOr<VectorGrid> PickRatio(VectorGrid vector, const AggregateParameter& parameter,
                                     QueryState& state) {
  ORA_RETURN_IF_ERROR(CheckRatios(parameter, state));
  for (GridSeries& series : vector) {
    ORA_RETURN_IF_ERROR(state.CheckAlive());
    const double place = PlaceInRatio(series.labels);
    StepBits kept(parameter.scalar.size());
    for (size_t step = 0; step < parameter.scalar.size(); ++step) {
      if (IsWithinRatio(place, parameter.scalar[step])) kept.Set(step);
    }
    series.present.Keep(kept);
  }
  return WithoutEmpty(std::move(vector));
}

absl::StatusOr<VectorGrid> CountValues(const Aggregate& aggregate, const VectorGrid& vector,
                                       const std::string& label, const StepGrid& grid,
                                       QueryState& state) {
  if (!IsLabelName(label)) {
    return absl::InvalidArgumentError(absl::StrCat("invalid label name ", Quote(label)));
  }
  Aggregate grouped;
  grouped.grouping = aggregate.grouping;
  grouped.labels = aggregate.labels;
  if (aggregate.grouping == Grouping::kBy) grouped.labels.push_back(label);
  VectorGrid result;
  absl::flat_hash_map<Labels, size_t> places;
  for (const GridSeries& series : vector) {
    ORA_RETURN_IF_ERROR(state.CheckAlive());
    ORA_RETURN_IF_ERROR(state.CheckSize(result.size(), grid.count));
    series.present.ForEach([&](size_t step) {
      Labels labels = series.labels;
      labels.Set(label, FormatWithoutExponent(series.values[step]));
      labels = GroupLabels(grouped, labels);
      const auto [place, fresh] = places.try_emplace(labels, result.size());
      if (fresh) result.emplace_back(std::move(labels), grid.count);
      GridSeries& counted = result[place->second];
      counted.Put(step, counted.values[step] + 1);
    });
  }
  return result;
}

}  // namespace

VectorGrid TakeGroups(SeriesGroups& groups, GroupFolds& folds) {
  VectorGrid result = folds.Take();
  std::vector<SeriesGroups::Group> taken = groups.Take();
  for (size_t i = 0; i < result.size(); ++i) {
    result[i].labels = std::move(taken[i].labels);
    result[i].drop_name = taken[i].drop_name;
  }
  return result;
}

absl::StatusOr<VectorGrid> ApplyAggregate(const Aggregate& aggregate, VectorGrid vector,
                                          const AggregateParameter& parameter, const StepGrid& grid,
                                          QueryState& state) {
  if (aggregate.op == AggregateOperator::kCountValues) {
    return CountValues(aggregate, vector, parameter.text, grid, state);
  }
  if (const auto folds = MakeGroupFolds(aggregate.op, grid)) {
    return FoldGroups(aggregate, vector, *folds, grid, state);
  }
  if (aggregate.op == AggregateOperator::kLimitRatio) {
    return PickRatio(std::move(vector), parameter, state);
  }
  const std::vector<Group> groups = MakeGroups(aggregate, vector);
  switch (aggregate.op) {
    case AggregateOperator::kQuantile:
      return QuantileGroups(groups, vector, parameter, grid, state);
    case AggregateOperator::kTopk:
    case AggregateOperator::kBottomk:
    case AggregateOperator::kLimitk:
      return PickFromGroups(aggregate.op, groups, std::move(vector), parameter, grid, state);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("aggregation ", Quote(Text(aggregate.op)), " is not supported"));
  }
}

}  // namespace ora::promql
