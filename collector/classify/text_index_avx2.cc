// Compiled for processors with AVX2: called only where TextIndex::Supports says so.
#if defined(__x86_64__)
#include <immintrin.h>

#include "collector/classify/text_index_blocks.h"

namespace ora::collector {
namespace {

struct Bytes32 {
  static constexpr unsigned kWidth = 32;
  using Mask = __m256i;

  __m256i bytes;

  static Bytes32 Load(const char* text) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text))};
  }
  Mask Is(char c) const { return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c)); }
  Mask Within(char low, char high) const {
    const __m256i above = _mm256_sub_epi8(bytes, _mm256_set1_epi8(low));
    const __m256i range = _mm256_set1_epi8(static_cast<char>(high - low));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(above, range), above);
  }
  Mask AtLeast128() const { return bytes; }
  Bytes32 Lower() const { return {_mm256_or_si256(bytes, _mm256_set1_epi8(0x20))}; }
  static Mask Or(Mask a, Mask b) { return _mm256_or_si256(a, b); }
  static uint32_t Bits(Mask mask) { return static_cast<uint32_t>(_mm256_movemask_epi8(mask)); }
};

}  // namespace

void BuildMarksAvx2(const char* text, size_t blocks, const char* tail, TextMarks* marks) {
  BuildMarks<Bytes32>(text, blocks, tail, marks);
}

}  // namespace ora::collector
#endif
