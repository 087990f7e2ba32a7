// The text of a log in the encodings that its first bytes tell.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace ora::collector {

// kBytes is UTF-8 and whatever else has its line ends as single bytes: it is handed on as it is.
enum class TextEncoding { kBytes, kUtf16Little, kUtf16Big };

// By the byte order mark with which a file begins.
TextEncoding EncodingOf(absl::string_view head);

// In all of these `bytes` begin where a character does.

// How many bytes there are up to the last line end and with it; 0 without any.
size_t BytesOfLines(absl::string_view bytes, TextEncoding encoding);

// How many bytes make whole characters. A UTF-8 character may be cut: its bytes are not looked at.
size_t BytesOfCharacters(absl::string_view bytes, TextEncoding encoding);

// How many bytes the mark takes with which a file begins.
size_t BytesOfMark(absl::string_view head);

// The text in UTF-8; what is no UTF-16 is U+FFFD. Valid as long as both `bytes` and `buffer` are.
absl::string_view TextOf(absl::string_view bytes, TextEncoding encoding, std::string& buffer);

}  // namespace ora::collector
