// How the rules ask the engine and the fleet, of which they know nothing.
#pragma once

#include "aggregator/fleet/fleet.h"
#include "aggregator/promql/engine.h"
#include "aggregator/rules/rule.h"
#include "storage/env/clock.h"

namespace ora::aggregator {

// Evaluates on the engine, for at most `timeout` by `clock`. A warning that begins with "partial:"
// makes the evaluation partial. The engine and the clock must outlive the function.
EvaluateFn EvaluateOn(promql::Engine& engine, const promql::QueryLimits& limits,
                      absl::Duration timeout, storage::Clock& clock);

// Asks the fleet, which must outlive the function.
LivenessFn LivenessOf(const Fleet& fleet);

}  // namespace ora::aggregator
