// Text as the characters it is made of.
#pragma once

#include "absl/strings/string_view.h"

namespace ora::cli {

// The code of bytes that are no UTF-8.
inline constexpr char32_t kNoCharacter = 0xFFFFFFFF;

struct Character {
  char32_t code = kNoCharacter;
  absl::string_view bytes;  // A part of the text that it was read from.
};

// The character that `text`, which is not empty, begins with; one byte if it is no UTF-8: cut off,
// overlong, a surrogate or past U+10FFFF.
Character FirstCharacter(absl::string_view text);

}  // namespace ora::cli
