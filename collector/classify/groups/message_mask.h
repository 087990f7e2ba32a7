// What a message says, without what varies from one time to the next.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ora::collector {

inline constexpr size_t kMaskedBytesMax = 16 << 10;  // What is longer is cut off.

// `message` with `<n>` for numbers, `<id>` for hexadecimal ids and UUIDs, `<addr>` for network and
// memory addresses, `<path>` for paths and URLs, `<s>` for what is quoted and `<time>` for times.
// A number's unit stays. Runs of blanks are one.
std::string MaskVariables(absl::string_view message);

}  // namespace ora::collector
