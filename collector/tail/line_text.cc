#include "collector/tail/line_text.h"

#include <cstdint>

#include "absl/strings/match.h"

namespace ora::collector {
namespace {

constexpr absl::string_view kUtf8Mark = "\xef\xbb\xbf";
constexpr absl::string_view kLittleMark = "\xff\xfe";
constexpr absl::string_view kBigMark = "\xfe\xff";
constexpr size_t kUnitBytes = 2;
constexpr uint32_t kReplacement = 0xfffd;
constexpr uint32_t kHighSurrogate = 0xd800;
constexpr uint32_t kLowSurrogate = 0xdc00;
constexpr uint32_t kSurrogateKind = 0xfc00;
constexpr uint32_t kSurrogateBits = 0x3ff;
constexpr uint32_t kFirstPair = 0x10000;

uint32_t UnitAt(absl::string_view bytes, size_t at, TextEncoding encoding) {
  const uint32_t first = static_cast<unsigned char>(bytes[at]);
  const uint32_t second = static_cast<unsigned char>(bytes[at + 1]);
  return encoding == TextEncoding::kUtf16Little ? first | second << 8 : first << 8 | second;
}

bool IsHigh(uint32_t unit) { return (unit & kSurrogateKind) == kHighSurrogate; }
bool IsLow(uint32_t unit) { return (unit & kSurrogateKind) == kLowSurrogate; }

void AppendCharacter(uint32_t character, std::string& text) {
  const auto follow = [&](int shift) {
    text += static_cast<char>(0x80 | (character >> shift & 0x3f));
  };
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += static_cast<char>(0xc0 | character >> 6);
    follow(0);
  } else if (character < kFirstPair) {
    text += static_cast<char>(0xe0 | character >> 12);
    follow(6);
    follow(0);
  } else {
    text += static_cast<char>(0xf0 | character >> 18);
    follow(12);
    follow(6);
    follow(0);
  }
}

}  // namespace

TextEncoding EncodingOf(absl::string_view head) {
  if (absl::StartsWith(head, kLittleMark)) return TextEncoding::kUtf16Little;
  if (absl::StartsWith(head, kBigMark)) return TextEncoding::kUtf16Big;
  return TextEncoding::kBytes;
}

size_t BytesOfMark(absl::string_view head) {
  if (absl::StartsWith(head, kUtf8Mark)) return kUtf8Mark.size();
  return EncodingOf(head) == TextEncoding::kBytes ? 0 : kUnitBytes;
}

size_t BytesOfLines(absl::string_view bytes, TextEncoding encoding) {
  if (encoding == TextEncoding::kBytes) {
    const size_t end = bytes.rfind('\n');
    return end == absl::string_view::npos ? 0 : end + 1;
  }
  for (size_t end = bytes.size() - bytes.size() % kUnitBytes; end > 0; end -= kUnitBytes) {
    if (UnitAt(bytes, end - kUnitBytes, encoding) == '\n') return end;
  }
  return 0;
}

size_t BytesOfCharacters(absl::string_view bytes, TextEncoding encoding) {
  if (encoding == TextEncoding::kBytes) return bytes.size();
  const size_t end = bytes.size() - bytes.size() % kUnitBytes;
  if (end == 0 || !IsHigh(UnitAt(bytes, end - kUnitBytes, encoding))) return end;
  return end - kUnitBytes;
}

absl::string_view TextOf(absl::string_view bytes, TextEncoding encoding, std::string& buffer) {
  if (encoding == TextEncoding::kBytes) return bytes;
  buffer.clear();
  const size_t end = bytes.size() - bytes.size() % kUnitBytes;
  for (size_t at = 0; at < end; at += kUnitBytes) {
    uint32_t character = UnitAt(bytes, at, encoding);
    if (IsHigh(character) && at + kUnitBytes < end &&
        IsLow(UnitAt(bytes, at + kUnitBytes, encoding))) {
      at += kUnitBytes;
      character = kFirstPair + ((character & kSurrogateBits) << 10) +
                  (UnitAt(bytes, at, encoding) & kSurrogateBits);
    } else if (IsHigh(character) || IsLow(character)) {
      character = kReplacement;
    }
    AppendCharacter(character, buffer);
  }
  if (end < bytes.size()) AppendCharacter(kReplacement, buffer);
  return buffer;
}

}  // namespace ora::collector
