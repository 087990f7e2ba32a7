// Whether a result is what an eval of a script expects.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "aggregator/promql/engine.h"
#include "tests/promql/script.h"

namespace ora::promql {

// Equal, or apart by less than a millionth of their sizes; NaN equals NaN, and a staleness marker
// only another.
bool SameValue(double a, double b);

// Each of these says why the eval fails; empty: it passes.
std::string JudgeFailure(const EvalCommand& eval, const absl::Status& status);
std::string JudgeNotes(const EvalCommand& eval, const QueryResult& result);
std::string JudgeValue(const EvalCommand& eval, const Value& value);
std::string JudgeSorted(const Matrix& matrix);

}  // namespace ora::promql
