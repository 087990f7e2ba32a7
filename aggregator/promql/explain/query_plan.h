// An expression's tree as a list, for those who want to see what a query consists of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

struct PlanNode {
  std::string text;  // Canonical, with all below it.
  uint32_t depth = 0;
  ValueType type = ValueType::kScalar;
};

// Each node before those below it, these in the order of the text; parentheses, literals and the
// parts of selectors are no nodes of their own. At most `nodes_max`.
std::vector<PlanNode> PlanOf(const Expr& expr, size_t nodes_max);

}  // namespace ora::promql
