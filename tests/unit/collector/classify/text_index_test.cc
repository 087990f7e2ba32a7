#include "collector/classify/text_index.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace ora::collector {
namespace {

class TextIndexTest : public testing::TestWithParam<TextIndexWidth> {};

// A width that this processor lacks is as the portable one, which is tested for itself.
TextIndex IndexOf(TextIndexWidth width) {
  return TextIndex(TextIndex::Supports(width) ? width : TextIndexWidth::kPortable);
}

bool IsWord(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// What TextMarks promises of one byte.
struct PlainMarks {
  explicit PlainMarks(absl::string_view whole) : text(whole) {}

  char At(size_t i, size_t back) const { return i >= back ? text[i - back] : '\0'; }
  bool Blank(char c) const { return c == ' ' || c == '\t'; }
  bool Unit(char c) const {
    return c == 's' || c == 'm' || c == 'u' || c == 'n' || c == 'h' || (c & 0x80) != 0;
  }
  bool Sign(size_t i, size_t back) const {
    return (At(i, back) == ':' || At(i, back) == '=') && absl::ascii_isalpha(At(i, back + 1));
  }
  bool Duration(size_t i) const {
    const bool apart = Blank(At(i, 1));
    if (Unit(text[i])) {
      return absl::ascii_isdigit(At(i, 1)) || (apart && absl::ascii_isdigit(At(i, 2)));
    }
    return absl::ascii_isdigit(text[i]) && (Sign(i, 1) || (apart && Sign(i, 2)));
  }
  bool Level(size_t i) const {
    const char c = text[i];
    const bool third = absl::ascii_isupper(c) && absl::ascii_isupper(At(i, 1)) &&
                       absl::ascii_isupper(At(i, 2)) && !IsWord(At(i, 3));
    const bool close = c == ':' || c == ']' || c == '>' || c == ')';
    return third || (close && IsWord(At(i, 1))) || (absl::ascii_isalpha(c) && At(i, 1) == '=');
  }

  absl::string_view text;
};

void ExpectMarks(absl::string_view text, TextIndex& index) {
  index.Build(text);
  const PlainMarks plain(text);
  const char* const end = text.data() + text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    const char* const at = text.data() + i;
    const char* const next = at + 1;
    ASSERT_EQ(index.Newline(at, next) == at, *at == '\n') << i << " of " << text;
    ASSERT_EQ(index.Blank(at, next) == at, plain.Blank(*at)) << i << " of " << text;
    ASSERT_EQ(index.Colon(at, next) == at, *at == ':') << i << " of " << text;
    ASSERT_EQ(index.Quote(at, next) == at, *at == '"') << i << " of " << text;
    ASSERT_EQ(index.WordEnd(at, next) == next, IsWord(*at)) << i << " of " << text;
    ASSERT_EQ(index.Letters(at) & 1, absl::ascii_isalpha(*at) ? 1u : 0u) << i << " of " << text;
    ASSERT_EQ(index.Duration(at, next) == at, plain.Duration(i)) << i << " of " << text;
    ASSERT_EQ(index.Level(at, next) == at, plain.Level(i)) << i << " of " << text;
    // Over several blocks.
    const size_t quote = text.find('"', i);
    ASSERT_EQ(index.Quote(at, end), quote == absl::string_view::npos ? end : text.data() + quote);
    size_t word = i;
    while (word < text.size() && IsWord(text[word])) ++word;
    ASSERT_EQ(index.WordEnd(at, end), text.data() + word) << i << " of " << text;
    for (size_t bit = 0; bit < 64; ++bit) {
      const bool blank = i + bit < text.size() && plain.Blank(text[i + bit]);
      ASSERT_EQ(index.Blanks(at) >> bit & 1, blank ? 1u : 0u) << i << "+" << bit << " of " << text;
    }
  }
  EXPECT_EQ(index.Newline(end, end), end);
  EXPECT_EQ(index.WordEnd(end, end), end);
}

TEST_P(TextIndexTest, MarksWhatItPromises) {
  TextIndex index = IndexOf(GetParam());
  std::mt19937 chance(3);
  constexpr absl::string_view kBytes = "\n\t  aZ_09:=]>)\"msunhERROR\\\xC2\xFF@[`{/;'";
  for (size_t size : {0, 1, 2, 63, 64, 65, 127, 128, 129, 200, 256, 300}) {
    for (int round = 0; round < 20; ++round) {
      std::string text;
      while (text.size() < size) text += kBytes[chance() % kBytes.size()];
      ExpectMarks(text, index);
    }
  }
}

TEST_P(TextIndexTest, KnowsEveryByte) {
  TextIndex index = IndexOf(GetParam());
  std::string text;
  for (int byte = 0; byte < 256; ++byte) {
    for (const char* around : {"a", "1", " ", "=", "ER"}) {
      text += around;
      text += static_cast<char>(byte);
      text += around;
    }
  }
  ExpectMarks(text, index);
}

TEST_P(TextIndexTest, LooksAtSoManyBytesAndNoMore) {
  TextIndex index = IndexOf(GetParam());
  const std::string text = std::string(TextIndex::kBytesMax - 1, 'a') + "\n\n";
  index.Build(text);
  const char* const end = text.data() + TextIndex::kBytesMax;
  EXPECT_EQ(index.Newline(text.data(), end), end - 1);
  EXPECT_EQ(index.WordEnd(text.data(), end), end - 1);
}

TEST(TextIndexWidthTest, ThePortableOneIsAlwaysThere) {
  EXPECT_TRUE(TextIndex::Supports(TextIndexWidth::kPortable));
}

std::string NameOf(const testing::TestParamInfo<TextIndexWidth>& info) {
  switch (info.param) {
    case TextIndexWidth::kPortable:
      return "Portable";
    case TextIndexWidth::kSse2:
      return "Sse2";
    case TextIndexWidth::kAvx2:
      return "Avx2";
    case TextIndexWidth::kAvx512:
      return "Avx512";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Widths, TextIndexTest,
                         testing::Values(TextIndexWidth::kPortable, TextIndexWidth::kSse2,
                                         TextIndexWidth::kAvx2, TextIndexWidth::kAvx512),
                         NameOf);

}  // namespace
}  // namespace ora::collector
