#include "collector/series/label_text.h"

#include <gtest/gtest.h>

namespace ora::collector {
namespace {

TEST(LabelTextTest, LeavesValidTextAsItIs) {
  EXPECT_EQ(CleanLabelValue(""), "");
  EXPECT_EQ(CleanLabelValue("/var/log/app.log"), "/var/log/app.log");
  EXPECT_EQ(CleanLabelValue("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
            "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
}

TEST(LabelTextTest, ReplacesEachByteThatIsNoUtf8) {
  EXPECT_EQ(CleanLabelValue("a\xff b"), "a? b");
  EXPECT_EQ(CleanLabelValue("\xc3"), "?");                 // Cut short.
  EXPECT_EQ(CleanLabelValue("\xc0\xaf"), "??");            // Overlong.
  EXPECT_EQ(CleanLabelValue("\xed\xa0\x80"), "???");       // A surrogate.
  EXPECT_EQ(CleanLabelValue("\xf4\x90\x80\x80"), "????");  // Past the last character.
}

TEST(LabelTextTest, CutsBetweenCharactersAtTheLimit) {
  EXPECT_EQ(CleanLabelValue(std::string(2048, 'x')).size(), 2048u);
  EXPECT_EQ(CleanLabelValue(std::string(2049, 'x')).size(), 2048u);
  EXPECT_EQ(CleanLabelValue(std::string(2047, 'x') + "\xc3\xbc").size(), 2047u);
}

}  // namespace
}  // namespace ora::collector
