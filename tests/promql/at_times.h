// An expression whose value does not depend on when it is evaluated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

// The text of `expr` with `@ time` at every selector and subquery that has no time of its own and
// is in no subquery. Nothing: a function in it asks for the time of evaluation.
std::optional<std::string> PrintAtTime(Expr& expr, int64_t time_millis);

}  // namespace ora::promql
