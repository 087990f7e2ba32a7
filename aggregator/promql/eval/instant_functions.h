// Functions of one value at one step: mathematics, clamping, rounding, the calendar.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

// Whether `function` is one of those below.
bool IsInstantFunction(absl::string_view function);

// Computes the function for each value in place, and takes away those that it has no value for;
// names as they were. `scalars` are the arguments beside the vector.
VectorGrid ApplyInstantFunction(absl::string_view function, VectorGrid vector,
                                const std::vector<ScalarGrid>& scalars);

// The labels that `absent` can tell from the selector of its argument.
storage::Labels LabelsOfAbsent(const Expr& argument);

enum class SortOrder { kAscending, kDescending };

// By value, NaN last; for a grid of one step.
VectorGrid SortByValue(VectorGrid vector, SortOrder order);

}  // namespace ora::promql
