// Text to syntax tree.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

// Deeper trees are refused: what walks a tree may recurse.
inline constexpr size_t kTreeDepthMax = 500;
// Longer texts are refused.
inline constexpr size_t kExpressionBytesMax = 64 * 1024;

// A whole expression, its types checked. INVALID_ARGUMENT: `line:column: parse error: ...` with
// what was seen and what was expected.
absl::StatusOr<ExprPtr> ParseExpression(absl::string_view text);

}  // namespace ora::promql
