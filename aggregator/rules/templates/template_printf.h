// Go's printf, as far as templates use it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/rules/templates/template_value.h"

namespace ora::aggregator {

// Verbs %v %s %q %d %x %f %e %g %t %%, with flags, width and precision of at most 100.
// INVALID_ARGUMENT: another verb, or more or fewer arguments than verbs.
absl::StatusOr<std::string> FormatTemplateText(absl::string_view format,
                                               const std::vector<TemplateValue>& arguments);

}  // namespace ora::aggregator
