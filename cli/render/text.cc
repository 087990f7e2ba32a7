#include "cli/render/text.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/render/utf8.h"

namespace ora::cli {
namespace {

constexpr absl::string_view kEllipsis = "…";

struct Range {
  char32_t first;
  char32_t last;
};

// Drawn over the character before.
constexpr Range kCombining[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
                                {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0E34, 0x0E3A},
                                {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF},
                                {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF}};

// Two columns each.
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x4DBF},  {0x4E00, 0xA4CF}, {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

// They reorder, join or hide what stands beside them.
constexpr Range kHidden[] = {{0x061C, 0x061C},  {0x200B, 0x200F}, {0x2028, 0x202E},
                             {0x2060, 0x206F},  {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB},
                             {0xE0000, 0xE007F}};

template <size_t N>
bool IsIn(char32_t character, const Range (&ranges)[N]) {
  return std::any_of(std::begin(ranges), std::end(ranges), [character](const Range& range) {
    return character >= range.first && character <= range.last;
  });
}

int WidthOf(char32_t code) {
  if (IsIn(code, kCombining)) return 0;
  return IsIn(code, kWide) ? 2 : 1;
}

std::string HexByte(unsigned char byte) {
  return absl::StrCat("\\x", absl::Hex(byte, absl::kZeroPad2));
}

void AppendPrintable(std::string& out, const Character& character) {
  const char32_t code = character.code;
  if (code == kNoCharacter) {
    absl::StrAppend(&out, HexByte(static_cast<unsigned char>(character.bytes[0])));
  } else if (code == '\n') {
    out += "\\n";
  } else if (code == '\r') {
    out += "\\r";
  } else if (code == '\t') {
    out += "\\t";
  } else if (code < 0x20 || code == 0x7F) {
    absl::StrAppend(&out, HexByte(static_cast<unsigned char>(code)));
  } else if ((code >= 0x80 && code <= 0x9F) || IsIn(code, kHidden)) {
    absl::StrAppend(&out, "\\u{", absl::Hex(static_cast<uint32_t>(code)), "}");
  } else {
    absl::StrAppend(&out, character.bytes);
  }
}

// The longest beginning of `text` in at most `width` columns.
absl::string_view Beginning(absl::string_view text, int width) {
  size_t length = 0;
  while (length < text.size()) {
    const Character character = FirstCharacter(text.substr(length));
    width -= WidthOf(character.code);
    if (width < 0) break;
    length += character.bytes.size();
  }
  return text.substr(0, length);
}

// The longest end of `text` in at most `width` columns.
absl::string_view Ending(absl::string_view text, int width) {
  int excess = DisplayWidth(text) - width;
  size_t start = 0;
  while (start < text.size()) {
    const Character character = FirstCharacter(text.substr(start));
    // A combining mark must not lose the character that it belongs to.
    if (excess <= 0 && WidthOf(character.code) > 0) break;
    excess -= WidthOf(character.code);
    start += character.bytes.size();
  }
  return text.substr(start);
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    AppendPrintable(out, character);
    text.remove_prefix(character.bytes.size());
  }
  return out;
}

std::string PrintableLines(absl::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    if (character.code == '\n' || character.code == '\t') {
      absl::StrAppend(&out, character.bytes);
    } else {
      AppendPrintable(out, character);
    }
    text.remove_prefix(character.bytes.size());
  }
  return out;
}

int DisplayWidth(absl::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    width += WidthOf(character.code);
    text.remove_prefix(character.bytes.size());
  }
  return width;
}

std::string ShortenMiddle(absl::string_view text, int width) {
  width = std::max(width, 1);
  if (DisplayWidth(text) <= width) return std::string(text);
  const int left = (width - 1) / 2;
  return absl::StrCat(Beginning(text, left), kEllipsis, Ending(text, width - 1 - left));
}

std::string ShortenStart(absl::string_view text, int width) {
  width = std::max(width, 1);
  if (DisplayWidth(text) <= width) return std::string(text);
  return absl::StrCat(kEllipsis, Ending(text, width - 1));
}

std::string ShortenEnd(absl::string_view text, int width) {
  width = std::max(width, 1);
  if (DisplayWidth(text) <= width) return std::string(text);
  return absl::StrCat(Beginning(text, width - 1), kEllipsis);
}

}  // namespace ora::cli
