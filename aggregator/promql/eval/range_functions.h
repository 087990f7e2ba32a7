// Functions of a series' window: rate, increase, ..._over_time and their like.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/eval/query_state.h"
#include "aggregator/promql/eval/vector_grid.h"

namespace ora::promql {

// The scalars beside the windows, in the order of the call.
using ScalarArguments = std::vector<ScalarGrid>;

// Whether `function` is one of those below.
bool IsRangeFunction(absl::string_view function);

// The function's value for each series and step that has samples enough; names as they were.
// `place` is where the windows stand in the text (`1:7`), for notes. INVALID_ARGUMENT: a parameter
// out of range.
absl::StatusOr<VectorGrid> ApplyRangeFunction(absl::string_view function, const WindowGrid& windows,
                                              const ScalarArguments& scalars,
                                              absl::string_view place, const StepGrid& grid,
                                              QueryState& state);

}  // namespace ora::promql
