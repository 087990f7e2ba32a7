// Text that is safe and measurable on a terminal.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ora::cli {

// `text` with everything that could drive a terminal or hide in it written out: control characters
// as `\n`, `\t`, `\x1b`; direction marks and invisible characters as `\u{202e}`; bytes that are no
// UTF-8 as `\xff`. What is left is one line of printable UTF-8.
std::string Printable(absl::string_view text);

// The same for text of several lines: line ends and tabs stay.
std::string PrintableLines(absl::string_view text);

// Terminal columns of printable UTF-8: 2 for East Asian wide characters and emoji, 0 for combining
// marks, 1 for the rest.
int DisplayWidth(absl::string_view text);

// `text` in at most `width` columns, with an ellipsis for what was cut: the middle where both ends
// tell things apart (labels), the start where the end does (paths); a width below 1 is taken as 1.
std::string ShortenMiddle(absl::string_view text, int width);
std::string ShortenEnd(absl::string_view text, int width);
std::string ShortenStart(absl::string_view text, int width);

}  // namespace ora::cli
