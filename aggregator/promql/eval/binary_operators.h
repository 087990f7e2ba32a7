// Arithmetic and comparison of two numbers, and of vectors with scalars.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

// Of comparisons: 1 or 0.
double Compute(BinaryOperator op, double left, double right);

// Whether the comparison holds.
inline bool Holds(BinaryOperator op, double left, double right) {
  return Compute(op, left, right) != 0;
}

ScalarGrid CombineScalars(BinaryOperator op, ScalarGrid left, const ScalarGrid& right);

enum class ScalarSide { kLeft, kRight };

// Comparisons without bool keep the vector's values and names where they hold.
absl::StatusOr<VectorGrid> CombineWithScalar(const Binary& binary, VectorGrid vector,
                                             const ScalarGrid& scalar, ScalarSide side,
                                             NameRemoval removal);

}  // namespace ora::promql
