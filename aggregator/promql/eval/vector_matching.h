// Binary operators between two instant vectors: which series meet, and what comes of it.
#pragma once

#include "absl/status/statusor.h"
#include "aggregator/promql/eval/query_state.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

// Arithmetic and comparison, one-to-one, many-to-one or one-to-many. INVALID_ARGUMENT with
// Prometheus's text where series that meet are not unique.
absl::StatusOr<VectorGrid> MatchVectors(const Binary& binary, VectorGrid left, VectorGrid right,
                                        const StepGrid& grid, QueryState& state);

// and, or, unless.
absl::StatusOr<VectorGrid> CombineSets(const Binary& binary, VectorGrid left, VectorGrid right,
                                       const StepGrid& grid);

}  // namespace ora::promql
