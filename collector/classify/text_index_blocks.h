// The marks of a text, whatever the width: for the files that TextIndex is built from, each of
// which is compiled for its own processors. So all here is the file's own (the unnamed namespace),
// and nothing of the standard library is used: the linker would take one file's copy for all.
#pragma once

#include "collector/classify/text_index.h"

namespace ora::collector {
namespace {

// What is known of 64 bytes by themselves.
struct ByteKinds {
  uint64_t newline = 0;
  uint64_t blank = 0;
  uint64_t digit = 0;
  uint64_t letter = 0;
  uint64_t upper = 0;
  uint64_t underscore = 0;
  uint64_t unit = 0;  // What a unit of time can begin with.
  uint64_t sign = 0;  // ':' or '='
  uint64_t colon = 0;
  uint64_t equals = 0;
  uint64_t close = 0;  // ':', ']', '>' or ')'
  uint64_t quote = 0;
};

// `Bytes` is what one step looks at: Load, Is(c), Within(low, high), AtLeast128(); of these each
// gives a Mask, which Or joins and Bits turns into bits.
template <typename Bytes>
inline __attribute__((always_inline)) void AddKinds(const char* text, unsigned shift,
                                                    ByteKinds& kinds) {
  const Bytes bytes = Bytes::Load(text);
  const auto bits = [shift](typename Bytes::Mask mask) {
    return static_cast<uint64_t>(Bytes::Bits(mask)) << shift;
  };
  const auto colon = bytes.Is(':');
  const auto equals = bytes.Is('=');
  kinds.newline |= bits(bytes.Is('\n'));
  kinds.blank |= bits(Bytes::Or(bytes.Is(' '), bytes.Is('\t')));
  kinds.digit |= bits(bytes.Within('0', '9'));
  kinds.letter |= bits(bytes.Lower().Within('a', 'z'));
  kinds.upper |= bits(bytes.Within('A', 'Z'));
  kinds.underscore |= bits(bytes.Is('_'));
  const auto unit =
      Bytes::Or(Bytes::Or(bytes.Is('m'), bytes.Is('s')), Bytes::Or(bytes.Is('u'), bytes.Is('n')));
  kinds.unit |= bits(Bytes::Or(Bytes::Or(unit, bytes.Is('h')), bytes.AtLeast128()));
  kinds.sign |= bits(Bytes::Or(colon, equals));
  kinds.colon |= bits(colon);
  kinds.equals |= bits(equals);
  const auto close = Bytes::Or(bytes.Is(']'), bytes.Is(')'));
  kinds.close |= bits(Bytes::Or(Bytes::Or(colon, bytes.Is('>')), close));
  kinds.quote |= bits(bytes.Is('"'));
}

template <typename Bytes>
inline __attribute__((always_inline)) ByteKinds KindsOf(const char* text) {
  ByteKinds kinds;
  for (unsigned shift = 0; shift < 64; shift += Bytes::kWidth) {
    AddKinds<Bytes>(text + shift, shift, kinds);
  }
  return kinds;
}

// What the last bytes of the blocks so far were: the highest bits.
struct BytesBefore {
  uint64_t blank = 0;
  uint64_t digit = 0;
  uint64_t letter = 0;
  uint64_t upper = 0;
  uint64_t word = 0;
  uint64_t sign = 0;  // With a letter before it.
  uint64_t equals = 0;
};

// For each byte what the one `count` before it is.
inline __attribute__((always_inline)) uint64_t Behind(unsigned count, uint64_t bits,
                                                      uint64_t before) {
  return bits << count | before >> (64 - count);
}

inline __attribute__((always_inline)) TextMarks MarksOf(const ByteKinds& kinds,
                                                        BytesBefore& before) {
  TextMarks marks;
  marks.newline = kinds.newline;
  marks.blank = kinds.blank;
  marks.word = kinds.letter | kinds.digit | kinds.underscore;
  marks.letter = kinds.letter;
  marks.colon = kinds.colon;
  marks.quote = kinds.quote;
  const uint64_t blank_before = Behind(1, kinds.blank, before.blank);
  const uint64_t sign = kinds.sign & Behind(1, kinds.letter, before.letter);
  const auto follows = [blank_before](uint64_t bits, uint64_t bits_before) {
    return Behind(1, bits, bits_before) | (blank_before & Behind(2, bits, bits_before));
  };
  marks.duration = (kinds.unit & follows(kinds.digit, before.digit)) |
                   (kinds.digit & follows(sign, before.sign));
  marks.level = (kinds.upper & Behind(1, kinds.upper, before.upper) &
                 Behind(2, kinds.upper, before.upper) & ~Behind(3, marks.word, before.word)) |
                (kinds.close & Behind(1, marks.word, before.word)) |
                (kinds.letter & Behind(1, kinds.equals, before.equals));
  before = {kinds.blank, kinds.digit, kinds.letter, kinds.upper, marks.word, sign, kinds.equals};
  return marks;
}

// `marks` has room for one more than `blocks`: for `tail`, the 64 bytes that end the text.
template <typename Bytes>
void BuildMarks(const char* text, size_t blocks, const char* tail, TextMarks* marks) {
  BytesBefore before;
  for (size_t i = 0; i < blocks; ++i) marks[i] = MarksOf(KindsOf<Bytes>(text + 64 * i), before);
  marks[blocks] = MarksOf(KindsOf<Bytes>(tail), before);
}

}  // namespace

#if defined(__x86_64__)
void BuildMarksAvx2(const char* text, size_t blocks, const char* tail, TextMarks* marks);
void BuildMarksAvx512(const char* text, size_t blocks, const char* tail, TextMarks* marks);
#endif

}  // namespace ora::collector
