// Which errors are the same.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace ora::collector {

// One error as its lines tell it.
struct ErrorText {
  absl::string_view type;     // The exception's class; empty if it is not known.
  absl::string_view message;  // What the error line says after its header.
  absl::string_view trace;    // The trace's lines, each with its end; empty if there is none.
};

// Raised whenever the same error would get another fingerprint than before.
inline constexpr int kFingerprintVersion = 1;

// `VERSION-` and 16 digits of [0-9a-f]: of the type and the application's frames if the trace has
// any, else of the type and the message with its variables masked. The same on every host.
std::string FingerprintOf(const ErrorText& error);

// What a group is called: the type, or `error`, and the masked message, at most 200 bytes.
std::string TitleOf(const ErrorText& error);

}  // namespace ora::collector
