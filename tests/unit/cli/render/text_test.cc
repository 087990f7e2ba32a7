#include "cli/render/text.h"

#include <gtest/gtest.h>

namespace ora::cli {
namespace {

TEST(PrintableTest, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(Printable("/var/log/日本語/ü.log"), "/var/log/日本語/ü.log");
}

TEST(PrintableTest, WritesOutWhatCouldDriveATerminal) {
  EXPECT_EQ(Printable("a\x1b[31mred\n\r\t\x7f"), "a\\x1b[31mred\\n\\r\\t\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\u{9b}31m");  // CSI as one C1 character.
}

TEST(PrintableTest, WritesOutWhatHidesOrReorders) {
  EXPECT_EQ(Printable("a\u202eb\u200bc\ufeff"), "a\\u{202e}b\\u{200b}c\\u{feff}");
}

TEST(PrintableTest, WritesOutBytesThatAreNoUtf8) {
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");           // Overlong.
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // A surrogate.
  EXPECT_EQ(Printable("\xe2\x82"), "\\xe2\\x82");           // Cut off.
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(PrintableLinesTest, KeepsLinesButNotEscapes) {
  EXPECT_EQ(PrintableLines("a\n\tb\x1b"), "a\n\tb\\x1b");
}

TEST(DisplayWidthTest, CountsColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("日本"), 4);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("🚀"), 2);
}

TEST(ShortenTest, LeavesTextThatJustFits) {
  EXPECT_EQ(ShortenMiddle("abcdef", 6), "abcdef");
  EXPECT_EQ(ShortenEnd("abcdef", 6), "abcdef");
  EXPECT_EQ(ShortenStart("abcdef", 6), "abcdef");
}

TEST(ShortenTest, CutsTextThatIsOneTooWide) {
  EXPECT_EQ(ShortenMiddle("abcdefg", 6), "ab…efg");
  EXPECT_EQ(ShortenEnd("abcdefg", 6), "abcde…");
  EXPECT_EQ(ShortenStart("abcdefg", 6), "…cdefg");
}

TEST(ShortenTest, NeverPassesTheWidthWithWideCharacters) {
  for (int width = 1; width < 12; ++width) {
    EXPECT_LE(DisplayWidth(ShortenMiddle("日本語日本語", width)), width);
    EXPECT_LE(DisplayWidth(ShortenEnd("日本語日本語", width)), width);
    EXPECT_LE(DisplayWidth(ShortenStart("日本語日本語", width)), width);
  }
}

}  // namespace
}  // namespace ora::cli
