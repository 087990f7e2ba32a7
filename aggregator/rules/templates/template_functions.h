// The functions that templates may call: those of Prometheus, and of Go's text/template what rules
// use.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/rules/templates/template_value.h"

namespace ora::aggregator {

bool IsTemplateFunction(absl::string_view name);

// INVALID_ARGUMENT: the wrong number or kind of arguments, a text that is no number, an expression
// that fails.
absl::StatusOr<TemplateValue> CallTemplateFunction(absl::string_view name,
                                                   std::vector<TemplateValue> arguments,
                                                   const TemplateScope& scope);

}  // namespace ora::aggregator
