// Names of exception classes in lines.
#pragma once

#include "absl/strings/string_view.h"

namespace ora::collector {

inline constexpr size_t kErrorTypeBytesMax = 128;

// The longest prefix of `text` that a type's name can be ([A-Za-z0-9_.:$], at most
// kErrorTypeBytesMax bytes, no colon or dot at its end).
absl::string_view TypePrefix(absl::string_view text);

// The exception class that `text` begins with: a name in `...Error` or `...Exception` (not the bare
// words), then `:` or the end; empty if it is none.
absl::string_view LeadingErrorType(absl::string_view text);

// As LeadingErrorType, for the last line of a Python trace, where any name may stand.
absl::string_view LeadingAnyType(absl::string_view text);

// The first exception class's name anywhere in `text`; empty if there is none.
absl::string_view FindErrorType(absl::string_view text);

// The class that the text of a whole trace within one line tells (JSON's `exc_info`, `stack_trace`,
// line ends as `\n`): the last line's for Python, else the first's.
absl::string_view TypeOfTrace(absl::string_view text);

}  // namespace ora::collector
