// Runs a script against the engine and tells what did not come out as expected.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "aggregator/promql/engine.h"
#include "storage/env/clock.h"

namespace ora::promql {

// Those with which Prometheus runs its own scripts.
struct ScriptSettings {
  int64_t lookback_millis = 5 * 60 * 1000;
  int64_t subquery_step_millis = 60 * 1000;
  uint64_t samples_max = 10'000;
  NameRemoval name_removal = NameRemoval::kDelayed;
  absl::Duration timeout = absl::Seconds(100);  // Of one query.
};

struct ScriptFailure {
  size_t line = 0;  // Of the eval, or of the line that is not understood.
  std::string reason;
};

struct ScriptOutcome {
  size_t passed = 0;
  std::map<std::string, size_t> skipped;  // By what is set aside.
  std::vector<ScriptFailure> failures;
};

// Each instant query that passes runs again with its time fixed by @, evaluated at other times, and
// each of these as the middle of a range query: all must have the same result.
ScriptOutcome RunScript(absl::string_view script, const ScriptSettings& settings,
                        storage::Clock& clock);

}  // namespace ora::promql
