// Compares the engine with the oracle on one query.
#pragma once

#include <string>

#include "tests/promql/oracle/random_query.h"

namespace ora::promql::oracle {

// What differs, if anything does: as a range query, and as an instant one at its first step.
std::string Difference(const RandomQuery& query);

}  // namespace ora::promql::oracle
