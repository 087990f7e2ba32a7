#include "collector/classify/text_index.h"

#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "collector/classify/text_index_blocks.h"

namespace ora::collector {
namespace {

struct Bytes1 {
  static constexpr unsigned kWidth = 1;
  using Mask = unsigned;

  uint8_t byte;

  static Bytes1 Load(const char* text) { return {static_cast<uint8_t>(*text)}; }
  Mask Is(char c) const { return byte == static_cast<uint8_t>(c) ? 1 : 0; }
  Mask Within(char low, char high) const {
    return byte >= static_cast<uint8_t>(low) && byte <= static_cast<uint8_t>(high) ? 1 : 0;
  }
  Mask AtLeast128() const { return byte >> 7; }
  Bytes1 Lower() const { return {static_cast<uint8_t>(byte | 0x20)}; }
  static Mask Or(Mask a, Mask b) { return a | b; }
  static unsigned Bits(Mask mask) { return mask; }
};

#if defined(__x86_64__)
struct Bytes16 {
  static constexpr unsigned kWidth = 16;
  using Mask = __m128i;

  __m128i bytes;

  static Bytes16 Load(const char* text) {
    return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(text))};
  }
  Mask Is(char c) const { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }
  Mask Within(char low, char high) const {
    const __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(low));
    const __m128i range = _mm_set1_epi8(static_cast<char>(high - low));
    return _mm_cmpeq_epi8(_mm_min_epu8(above, range), above);
  }
  Mask AtLeast128() const { return bytes; }
  Bytes16 Lower() const { return {_mm_or_si128(bytes, _mm_set1_epi8(0x20))}; }
  static Mask Or(Mask a, Mask b) { return _mm_or_si128(a, b); }
  static uint32_t Bits(Mask mask) { return static_cast<uint32_t>(_mm_movemask_epi8(mask)); }
};
#endif

TextIndexWidth WidestSupported() {
  for (const TextIndexWidth width : {TextIndexWidth::kAvx512, TextIndexWidth::kAvx2}) {
    if (TextIndex::Supports(width)) return width;
  }
  return TextIndex::Supports(TextIndexWidth::kSse2) ? TextIndexWidth::kSse2
                                                    : TextIndexWidth::kPortable;
}

}  // namespace

bool TextIndex::Supports(TextIndexWidth width) {
  switch (width) {
    case TextIndexWidth::kPortable:
      return true;
#if defined(__x86_64__)
    case TextIndexWidth::kSse2:
      return true;
    case TextIndexWidth::kAvx2:
      return __builtin_cpu_supports("avx2");
    case TextIndexWidth::kAvx512:
      return __builtin_cpu_supports("avx512bw");
#else
    default:
      return false;
#endif
  }
  return false;
}

TextIndex::TextIndex() : TextIndex(WidestSupported()) {}

TextIndex::TextIndex(TextIndexWidth width)
    : build_(&BuildMarks<Bytes1>), marks_(std::make_unique<TextMarks[]>(kMarksMax + 2)) {
#if defined(__x86_64__)
  if (width == TextIndexWidth::kSse2) build_ = &BuildMarks<Bytes16>;
  if (width == TextIndexWidth::kAvx2) build_ = &BuildMarksAvx2;
  if (width == TextIndexWidth::kAvx512) build_ = &BuildMarksAvx512;
#endif
}

void TextIndex::Build(absl::string_view text) {
  text = text.substr(0, kBytesMax);
  begin_ = text.data();
  const size_t blocks = text.size() / 64;
  char tail[64] = {};  // Without a byte of the text it still ends it: nothing is marked there.
  const size_t rest = text.size() % 64;
  if (rest > 0) memcpy(tail, begin_ + blocks * 64, rest);
  build_(begin_, blocks, tail, marks_.get());
  marks_[blocks + 1] = TextMarks();
}

const char* TextIndex::WordEnd(const char* from, const char* end) const {
  const auto at = static_cast<size_t>(from - begin_);
  const auto limit = static_cast<size_t>(end - begin_);
  size_t block = at / 64;
  uint64_t other = ~marks_[block].word >> (at % 64);
  size_t found = at;
  while (other == 0) {
    ++block;
    if (block * 64 >= limit) return end;
    found = block * 64;
    other = ~marks_[block].word;
  }
  found += static_cast<size_t>(__builtin_ctzll(other));
  return found < limit ? begin_ + found : end;
}

}  // namespace ora::collector
