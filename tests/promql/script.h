// Scripts that load series, evaluate expressions and expect results, in the form that Prometheus's
// own tests have.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ora::promql {

struct ScriptFailure {
  size_t line = 0;  // Of the eval, or of the line that is not understood.
  std::string reason;
};

struct ScriptOutcome {
  size_t passed = 0;
  size_t skipped = 0;  // What needs native histograms or functions that are set aside.
  std::vector<ScriptFailure> failures;
};

// Runs a whole script; each instant query also as the middle of a range query.
ScriptOutcome RunScript(absl::string_view script);

}  // namespace ora::promql
