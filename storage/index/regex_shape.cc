#include "storage/index/regex_shape.h"

#include "absl/strings/str_split.h"

namespace ora::storage {
namespace {

constexpr absl::string_view kSpecial = "\\.+*?()|[]{}^$";
constexpr absl::string_view kRepeats = "*?{";

size_t PlainLength(absl::string_view text) {
  const size_t at = text.find_first_of(kSpecial);
  return at == absl::string_view::npos ? text.size() : at;
}

// The first byte of the last character: a repeat after it repeats the whole character.
size_t LastCharacter(absl::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

}  // namespace

RegexShape RegexShape::Of(absl::string_view expression) {
  RegexShape shape;
  if (expression.find_first_of("\\.+*?()[]{}^$") == absl::string_view::npos) {
    for (const absl::string_view literal : absl::StrSplit(expression, '|')) {
      shape.literals.emplace_back(literal);
    }
    return shape;
  }
  // A `|` outside of a group would make the prefix one of several.
  if (expression.find('|') != absl::string_view::npos) return shape;
  size_t plain = PlainLength(expression);
  const absl::string_view rest = expression.substr(plain);
  if (!rest.empty() && plain > 0 && kRepeats.find(rest[0]) != absl::string_view::npos) {
    plain = LastCharacter(expression.substr(0, plain));
  }
  shape.prefix = std::string(expression.substr(0, plain));
  shape.prefix_is_enough = rest == ".*";
  return shape;
}

}  // namespace ora::storage
