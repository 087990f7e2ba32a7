// Compiled for processors with AVX-512BW: called only where TextIndex::Supports says so.
#if defined(__x86_64__)
#include <immintrin.h>

#include "collector/classify/text_index_blocks.h"

namespace ora::collector {
namespace {

struct Bytes64 {
  static constexpr unsigned kWidth = 64;
  using Mask = __mmask64;

  __m512i bytes;

  static Bytes64 Load(const char* text) { return {_mm512_loadu_si512(text)}; }
  Mask Is(char c) const { return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(c)); }
  Mask Within(char low, char high) const {
    const __m512i above = _mm512_sub_epi8(bytes, _mm512_set1_epi8(low));
    return _mm512_cmple_epu8_mask(above, _mm512_set1_epi8(static_cast<char>(high - low)));
  }
  Mask AtLeast128() const { return _mm512_movepi8_mask(bytes); }
  Bytes64 Lower() const { return {_mm512_or_si512(bytes, _mm512_set1_epi8(0x20))}; }
  static Mask Or(Mask a, Mask b) { return a | b; }
  static uint64_t Bits(Mask mask) { return mask; }
};

}  // namespace

void BuildMarksAvx512(const char* text, size_t blocks, const char* tail, TextMarks* marks) {
  BuildMarks<Bytes64>(text, blocks, tail, marks);
}

}  // namespace ora::collector
#endif
