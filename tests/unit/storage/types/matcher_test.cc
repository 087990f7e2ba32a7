#include "storage/matcher.h"

#include <gtest/gtest.h>

#include <string>

namespace ora::storage {
namespace {

Matcher Make(MatchType type, absl::string_view value) {
  return Matcher::Make("l", type, value).value();
}

TEST(MatcherTest, ARegexMatchesTheWholeValueAndItsDotALinesEnd) {
  EXPECT_TRUE(Make(MatchType::kRegex, "a.*").Matches("a\nb"));
  EXPECT_FALSE(Make(MatchType::kRegex, "a").Matches("ab"));
  EXPECT_TRUE(Make(MatchType::kNotRegex, "a").Matches("ab"));
  EXPECT_TRUE(Make(MatchType::kRegex, "a|b").Matches("b"));
}

TEST(MatcherTest, TextsAreMatchedAsRe2DoesIt) {
  std::string many = "x0";
  for (int i = 1; i < 80; ++i) many += "|x" + std::to_string(i);
  for (const std::string& texts :
       {std::string(), std::string("|"), std::string("a"), std::string("a|"), std::string("|a|b"),
        std::string("a||b"), std::string("web-1:90|web 2\"'"), std::string("A|a b|a"), many}) {
    const Matcher texts_alone = Make(MatchType::kRegex, texts);
    const Matcher none_of_them = Make(MatchType::kNotRegex, texts);
    const Matcher by_re2 = Make(MatchType::kRegex, "(?:" + texts + ")");
    EXPECT_EQ(texts_alone.MatchesEmpty(), by_re2.MatchesEmpty()) << texts;
    for (const char* value : {"", "a", "b", "A", "ab", "a b", "a|", "|", "web-1:90", "web 2\"'",
                              "web-1:9", "x7", "x79", "x80"}) {
      EXPECT_EQ(texts_alone.Matches(value), by_re2.Matches(value)) << texts << " of " << value;
      EXPECT_NE(none_of_them.Matches(value), by_re2.Matches(value)) << texts << " of " << value;
    }
  }
}

TEST(MatcherTest, KnowsWhetherItMatchesAnAbsentLabel) {
  EXPECT_TRUE(Matcher::Equal("l", "").MatchesEmpty());
  EXPECT_FALSE(Matcher::Equal("l", "a").MatchesEmpty());
  EXPECT_TRUE(Make(MatchType::kNotEqual, "a").MatchesEmpty());
  EXPECT_TRUE(Make(MatchType::kRegex, ".*").MatchesEmpty());
  EXPECT_FALSE(Make(MatchType::kRegex, ".+").MatchesEmpty());
  EXPECT_FALSE(Make(MatchType::kNotRegex, ".*").MatchesEmpty());
}

TEST(MatcherTest, RefusesARegexThatRe2Refuses) {
  EXPECT_EQ(Matcher::Make("l", MatchType::kRegex, "a(").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Matcher::Make("l", MatchType::kRegex, "((a{100}){100}){100}").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(MatcherTest, RefusesARegexOverItsLimitOfBytes) {
  EXPECT_TRUE(Matcher::Make("l", MatchType::kRegex, std::string(4096, 'a')).ok());
  EXPECT_EQ(Matcher::Make("l", MatchType::kRegex, std::string(4097, 'a')).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(MatcherTest, IsWrittenAsInPromql) {
  EXPECT_EQ(Make(MatchType::kRegex, "a\"").ToString(), R"(l=~"a\"")");
  EXPECT_EQ(Make(MatchType::kNotEqual, "a").ToString(), R"(l!="a")");
}

}  // namespace
}  // namespace ora::storage
