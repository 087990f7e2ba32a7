// How labels and matchers are written as text.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ora::storage {

// `value` between double quotes, escaped as in PromQL.
std::string QuoteLabelValue(absl::string_view value);

}  // namespace ora::storage
