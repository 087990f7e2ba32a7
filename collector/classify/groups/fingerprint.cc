#include "collector/classify/groups/fingerprint.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/classify/groups/message_mask.h"
#include "collector/classify/groups/stack_frames.h"

namespace ora::collector {
namespace {

constexpr size_t kTitleBytesMax = 200;

// FNV-1a, its bits mixed once more: the same for ever, which no library's hash promises.
uint64_t StableHash(absl::string_view text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001B3;
  }
  hash ^= hash >> 33;
  hash *= 0xFF51AFD7ED558CCD;
  hash ^= hash >> 33;
  return hash;
}

}  // namespace

std::string FingerprintOf(const ErrorText& error) {
  const std::vector<std::string> frames = ApplicationFrames(error.trace);
  const std::string text =
      frames.empty() ? absl::StrCat("message\n", error.type, "\n", MaskVariables(error.message))
                     : absl::StrCat("frames\n", error.type, "\n", absl::StrJoin(frames, "\n"));
  return absl::StrCat(kFingerprintVersion, "-", absl::Hex(StableHash(text), absl::kZeroPad16));
}

std::string TitleOf(const ErrorText& error) {
  std::string title =
      absl::StrCat(error.type.empty() ? "error" : error.type, ": ", MaskVariables(error.message));
  if (title.size() > kTitleBytesMax) {
    size_t size = kTitleBytesMax;
    while (size > 0 && (title[size] & 0xC0) == 0x80) --size;  // Between characters.
    title.resize(size);
  }
  return title;
}

}  // namespace ora::collector
