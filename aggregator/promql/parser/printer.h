// Syntax tree to text.
#pragma once

#include <string>

#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

// The canonical text, in one line, which parses to the same tree.
std::string Print(const Expr& expr);

}  // namespace ora::promql
