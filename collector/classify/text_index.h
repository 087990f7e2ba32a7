// Where the bytes that matter are in a text: found once for many lines, 32 or 64 bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"

namespace ora::collector {

// For each of 64 bytes of the text, the lowest bit the first.
struct TextMarks {
  uint64_t newline = 0;
  uint64_t blank = 0;   // ' ' or a tab.
  uint64_t word = 0;    // [A-Za-z0-9_]
  uint64_t letter = 0;  // [A-Za-z]
  uint64_t colon = 0;
  uint64_t quote = 0;  // '"'
  // The byte behind the number's last digit or a field's sign that a duration may be told by, or
  // that after a blank there: a letter that a unit can begin with, or the number's first digit.
  uint64_t duration = 0;
  // One for each word that can be meant as a level: at the third letter, if it begins with so many
  // in upper case; at the `:`, `]`, `>` or `)` behind it; at its first letter behind a `=`.
  uint64_t level = 0;
};

// What a processor does of it at a time. All of them give the same marks.
enum class TextIndexWidth { kPortable, kSse2, kAvx2, kAvx512 };

// Built once and asked often. One thread. Answers are about the text of the last Build, which must
// still be there.
class TextIndex {
 public:
  // Bounds the memory: the marks of so much fit the processor's first cache beside their text.
  static constexpr size_t kBytesMax = size_t{16} << 10;

  // The widest that this processor can do.
  TextIndex();
  explicit TextIndex(TextIndexWidth width);
  // Whether this processor, and this build, can do `width`.
  static bool Supports(TextIndexWidth width);

  // `text` of at most kBytesMax; what is longer is not looked at.
  void Build(absl::string_view text);

  // Each gives the first place in [from, end) that is marked, or `end`; both are within the text.
  const char* Newline(const char* from, const char* end) const {
    return Next<&TextMarks::newline>(from, end);
  }
  const char* Blank(const char* from, const char* end) const {
    return Next<&TextMarks::blank>(from, end);
  }
  const char* Colon(const char* from, const char* end) const {
    return Next<&TextMarks::colon>(from, end);
  }
  const char* Quote(const char* from, const char* end) const {
    return Next<&TextMarks::quote>(from, end);
  }
  const char* Duration(const char* from, const char* end) const {
    return Next<&TextMarks::duration>(from, end);
  }
  const char* Level(const char* from, const char* end) const {
    return Next<&TextMarks::level>(from, end);
  }
  // The marks of the 64 bytes from `from` on, the first the lowest bit; those behind the text none.
  uint64_t Blanks(const char* from) const { return Window<&TextMarks::blank>(from); }
  uint64_t WordBytes(const char* from) const { return Window<&TextMarks::word>(from); }
  uint64_t Quotes(const char* from) const { return Window<&TextMarks::quote>(from); }
  uint64_t Letters(const char* from) const { return Window<&TextMarks::letter>(from); }
  // The first place that is no byte of a word.
  const char* WordEnd(const char* from, const char* end) const;

 private:
  static constexpr size_t kMarksMax = kBytesMax / 64;
  using BuildFn = void (*)(const char* text, size_t blocks, const char* tail, TextMarks* marks);

  template <uint64_t TextMarks::*kMark>
  const char* Next(const char* from, const char* end) const {
    const auto at = static_cast<size_t>(from - begin_);
    const auto limit = static_cast<size_t>(end - begin_);
    size_t block = at / 64;
    const uint64_t here = marks_[block].*kMark >> (at % 64);
    size_t found = at + static_cast<size_t>(__builtin_ctzll(here | uint64_t{1} << 63));
    if (here == 0) {
      const size_t blocks = (limit + 63) / 64;
      do {
        if (++block >= blocks) return end;
      } while (marks_[block].*kMark == 0);
      found = block * 64 + static_cast<size_t>(__builtin_ctzll(marks_[block].*kMark));
    }
    return found < limit ? begin_ + found : end;
  }

  template <uint64_t TextMarks::*kMark>
  uint64_t Window(const char* from) const {
    const auto at = static_cast<size_t>(from - begin_);
    const TextMarks* const marks = &marks_[at / 64];
    // Twice, since a shift by 64 would be none.
    return marks[0].*kMark >> (at % 64) | marks[1].*kMark << 1 << (63 - at % 64);
  }

  BuildFn build_;
  const char* begin_ = nullptr;
  std::unique_ptr<TextMarks[]> marks_;  // Two more than kMarksMax.
};

}  // namespace ora::collector
