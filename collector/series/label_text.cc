#include "collector/series/label_text.h"

#include <cstddef>
#include <cstdint>

#include "proto/contract/limits.h"

namespace ora::collector {
namespace {

bool IsTail(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

// The bytes of the well-formed character (RFC 3629) that `text` begins with; 0 if there is none.
size_t CharacterSize(absl::string_view text) {
  const uint8_t lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return 1;
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if (!IsTail(text[i])) return 0;
  }
  const uint8_t second = static_cast<uint8_t>(text[1]);
  if (lead == 0xe0 && second < 0xa0) return 0;  // Overlong.
  if (lead == 0xed && second > 0x9f) return 0;  // Surrogates.
  if (lead == 0xf0 && second < 0x90) return 0;  // Overlong.
  if (lead == 0xf4 && second > 0x8f) return 0;  // Past U+10FFFF.
  return size;
}

}  // namespace

std::string CleanLabelValue(absl::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    const size_t taken = size == 0 ? 1 : size;
    if (clean.size() + taken > contract::kLabelValueBytesMax) break;
    if (size == 0) {
      clean += '?';
    } else {
      clean.append(text.data(), size);
    }
    text.remove_prefix(taken);
  }
  return clean;
}

}  // namespace ora::collector
