// Aggregations: many series to one a group, or to the best of a group.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/eval/group_folds.h"
#include "aggregator/promql/eval/query_state.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

// The parameter before the vector: k, q, or the label of count_values; empty where there is none.
struct AggregateParameter {
  ScalarGrid scalar;
  std::string text;
  std::string place;  // In the text, for notes.
};

// The groups' series with their labels.
VectorGrid TakeGroups(SeriesGroups& groups, GroupFolds& folds);

absl::StatusOr<VectorGrid> ApplyAggregate(const Aggregate& aggregate, VectorGrid vector,
                                          const AggregateParameter& parameter, const StepGrid& grid,
                                          QueryState& state);

}  // namespace ora::promql
