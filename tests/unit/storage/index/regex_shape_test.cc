#include "storage/index/regex_shape.h"

#include <gmock/gmock.h>

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(RegexShapeTest, PlainAlternativesAreLiterals) {
  EXPECT_THAT(RegexShape::Of("a|bc|").literals, ElementsAre("a", "bc", ""));
  EXPECT_THAT(RegexShape::Of("abc").literals, ElementsAre("abc"));
}

TEST(RegexShapeTest, APrefixBeforeAnythingIsEnough) {
  const RegexShape shape = RegexShape::Of("node_.*");
  EXPECT_THAT(shape.literals, IsEmpty());
  EXPECT_EQ(shape.prefix, "node_");
  EXPECT_TRUE(shape.prefix_is_enough);
}

TEST(RegexShapeTest, ARepeatedCharacterIsNoPartOfThePrefix) {
  EXPECT_EQ(RegexShape::Of("abc*").prefix, "ab");
  EXPECT_EQ(RegexShape::Of("abc?d").prefix, "ab");
  EXPECT_EQ(RegexShape::Of("abc{0,2}").prefix, "ab");
  EXPECT_EQ(RegexShape::Of("abc+").prefix, "abc");
  EXPECT_EQ(RegexShape::Of("a\xc3\xa9*").prefix, "a");
  EXPECT_FALSE(RegexShape::Of("abc.+").prefix_is_enough);
}

TEST(RegexShapeTest, WhatIsNotPlainIsLeftToRe2) {
  for (const char* expression : {"a.*|b", "(?i)abc", "[ab]c", "^abc", "\\Qa\\E"}) {
    const RegexShape shape = RegexShape::Of(expression);
    EXPECT_THAT(shape.literals, IsEmpty()) << expression;
    EXPECT_EQ(shape.prefix, "") << expression;
    EXPECT_FALSE(shape.prefix_is_enough) << expression;
  }
}

}  // namespace
}  // namespace ora::storage
