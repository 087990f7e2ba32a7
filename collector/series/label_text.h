// What a label's value may hold, made of what a host's files and processes are really called.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ora::collector {

// `text` as valid UTF-8 of at most contract::kLabelValueBytesMax bytes: bytes that are no UTF-8
// become `?`, what is too long is cut between characters.
std::string CleanLabelValue(absl::string_view text);

}  // namespace ora::collector
