// What the grammar cannot say: which types and modifiers go together.
#pragma once

#include "absl/status/status.h"
#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

// Errors are INVALID_ARGUMENT and bear Prometheus's text; their place is the node's beginning, or
// what MistypedArgument gives.
absl::Status Check(const Binary& binary);
absl::Status Check(const Unary& unary);
absl::Status Check(const Aggregate& aggregate);
absl::Status Check(const Call& call);
absl::Status Check(const VectorSelector& selector);

// The first argument that has not the type it should have; null if all have, or if their number is
// wrong.
const Expr* MistypedArgument(const Call& call);
const Expr* MistypedArgument(const Aggregate& aggregate);

}  // namespace ora::promql
