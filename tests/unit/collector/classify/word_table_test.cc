#include "collector/classify/word_table.h"

#include <gtest/gtest.h>

#include <string>

namespace ora::collector {
namespace {

constexpr std::array<KnownWord<int>, 9> kWords = {{
    {"a", 1},
    {"ab", 2},
    {"abc", 3},
    {"abcdefg", 7},
    {"abcdefgh", 8},
    {"abcdefghabcdefgh", 16},
    {"abcdefgh-abcdefgh", 17},
    {"abcdefgh.abcdefgh", 18},
    {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnop", 42},
}};

TEST(WordTableTest, TellsWhatEachWordMeans) {
  constexpr WordTable<int, kWords.size()> kTable{kWords};
  for (const KnownWord<int>& word : kWords) {
    const int* const found = kTable.Find(word.name);
    ASSERT_NE(found, nullptr) << word.name;
    EXPECT_EQ(*found, word.value);
  }
}

TEST(WordTableTest, AWordThatDiffersInOneByteIsNotKnown) {
  constexpr WordTable<int, kWords.size()> kTable{kWords};
  for (const KnownWord<int>& word : kWords) {
    for (size_t i = 0; i < word.name.size(); ++i) {
      for (int change = 1; change < 256; ++change) {
        std::string other(word.name);
        other[i] = static_cast<char>(other[i] ^ change);
        bool known = false;
        for (const KnownWord<int>& any : kWords) known = known || any.name == other;
        EXPECT_EQ(kTable.Find(other) != nullptr, known) << other;
      }
    }
    EXPECT_EQ(kTable.Find(std::string(word.name) + "z"), nullptr);
  }
  EXPECT_EQ(kTable.Find(""), nullptr);
}

TEST(WordTableTest, LettersMayBeInAnyCaseAndOtherBytesAreNone) {
  constexpr WordTable<int, 2, WordCase::kAny> kTable{
      std::array<KnownWord<int>, 2>{{{"warn", 1}, {"critical", 2}}}};
  for (const std::string word : {"warn", "critical"}) {
    for (size_t i = 0; i < word.size(); ++i) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string other = word;
        other[i] = static_cast<char>(byte);
        const bool known = byte == word[i] || byte == (word[i] ^ 0x20);
        EXPECT_EQ(kTable.Find(other) != nullptr, known) << other;
      }
    }
  }
}

}  // namespace
}  // namespace ora::collector
