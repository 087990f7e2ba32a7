// Context for an error on its way out.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ora {

// The same error with `context: ` in front of its message, payloads kept; OK stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace ora
