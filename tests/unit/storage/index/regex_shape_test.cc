#include "storage/index/regex_shape.h"

#include <gmock/gmock.h>

#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/matcher.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using Rest = RegexShape::Rest;
using Beginning = RegexShape::Beginning;

std::vector<Beginning> Read(absl::string_view expression) {
  return RegexShape::Of(expression).beginnings;
}

TEST(RegexShapeTest, PlainAlternativesAreLiterals) {
  EXPECT_THAT(Read("a|bc|"), ElementsAre(Beginning{"a"}, Beginning{"bc"}, Beginning{""}));
  EXPECT_THAT(Read("abc"), ElementsAre(Beginning{"abc"}));
  EXPECT_TRUE(RegexShape::Of("abc|d").IsLiterals());
}

TEST(RegexShapeTest, EscapedPunctuationIsALiteral) {
  EXPECT_THAT(Read(R"(web-1\.example\.com|b\|c)"),
              ElementsAre(Beginning{"web-1.example.com"}, Beginning{"b|c"}));
}

TEST(RegexShapeTest, GroupsAreWrittenOut) {
  EXPECT_THAT(Read("web-(1|2(3|4))"),
              ElementsAre(Beginning{"web-1"}, Beginning{"web-23"}, Beginning{"web-24"}));
  EXPECT_THAT(Read("(?:a|b)(c|d)"),
              ElementsAre(Beginning{"ac"}, Beginning{"ad"}, Beginning{"bc"}, Beginning{"bd"}));
  EXPECT_THAT(Read("web-(1|2).*"), ElementsAre(Beginning{"web-1", Rest::kAnything},
                                               Beginning{"web-2", Rest::kAnything}));
}

TEST(RegexShapeTest, KnowsWhatMayFollow) {
  EXPECT_THAT(Read("node_.*"), ElementsAre(Beginning{"node_", Rest::kAnything}));
  EXPECT_THAT(Read("node_.+"), ElementsAre(Beginning{"node_", Rest::kSomething}));
  EXPECT_THAT(Read("node_.*total"), ElementsAre(Beginning{"node_", Rest::kUnknown}));
  EXPECT_THAT(Read("(a.*|b)c"),
              ElementsAre(Beginning{"a", Rest::kUnknown}, Beginning{"bc", Rest::kNothing}));
  EXPECT_TRUE(RegexShape::Of("a|.*").MatchesEverything());
  EXPECT_FALSE(RegexShape::Of(".+").MatchesEverything());
}

TEST(RegexShapeTest, ARepeatedCharacterIsNoPartOfTheBeginning) {
  for (const char* expression : {"abc*", "abc?d", "abc{0,2}", "ab[c]", "ab(c)*", "ab^c"}) {
    EXPECT_THAT(Read(expression), ElementsAre(Beginning{"ab", Rest::kUnknown})) << expression;
  }
  EXPECT_THAT(Read("abc+"), ElementsAre(Beginning{"abc", Rest::kUnknown}));
  EXPECT_THAT(Read("a\xc3\xa9*"), ElementsAre(Beginning{"a", Rest::kUnknown}));
  EXPECT_THAT(Read("a\xc3\xa9?[b]"), ElementsAre(Beginning{"a", Rest::kUnknown}));
}

TEST(RegexShapeTest, WhatIsNotPlainIsLeftToRe2) {
  for (const char* expression :
       {"a|[b|c]", "(?i)abc", "[ab]c", "^abc", "\\Qa|b\\E", "a|(?P<n>b)"}) {
    EXPECT_THAT(Read(expression), ElementsAre(Beginning{"", Rest::kUnknown})) << expression;
  }
}

TEST(RegexShapeTest, WritesOutAThousandAlternativesAndNoMore) {
  std::vector<std::string> names;
  for (int i = 0; i < 1024; ++i) names.push_back(absl::StrCat("n", i));
  EXPECT_EQ(Read(absl::StrJoin(names, "|")).size(), 1024u);
  names.push_back("one more");
  EXPECT_THAT(Read(absl::StrJoin(names, "|")), ElementsAre(Beginning{"", Rest::kUnknown}));
  EXPECT_THAT(Read("(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)"),
              ElementsAre(Beginning{"", Rest::kUnknown}));
}

TEST(RegexShapeTest, EndsWhereGroupsAreNestedTooDeep) {
  EXPECT_THAT(Read("((((((((((a))))))))))"), ElementsAre(Beginning{"", Rest::kUnknown}));
}

// True or false where the shape says so without RE2.
enum class Verdict { kNo, kYes, kUnknown };
Verdict Judge(const RegexShape& shape, absl::string_view text) {
  Verdict verdict = Verdict::kNo;
  for (const Beginning& one : shape.beginnings) {
    if (!absl::StartsWith(text, one.text)) continue;
    const bool ends = text.size() == one.text.size();
    if (one.rest == Rest::kAnything) return Verdict::kYes;
    if (one.rest == (ends ? Rest::kNothing : Rest::kSomething)) return Verdict::kYes;
    if (one.rest == Rest::kUnknown) verdict = Verdict::kUnknown;
  }
  return verdict;
}

TEST(RegexShapeTest, NeverSaysOtherThanRe2) {
  constexpr absl::string_view kLetters = "aab|()().*.*+?\\[]^${}:Q-1";
  std::mt19937 random(7);
  const auto make = [&](absl::string_view letters, size_t length) {
    std::string text;
    for (size_t i = 0; i < length; ++i) text += letters[random() % letters.size()];
    return text;
  };
  int known = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string expression = make(kLetters, 1 + random() % 9);
    const auto matcher = Matcher::Make("a", MatchType::kRegex, expression);
    if (!matcher.ok()) continue;
    const RegexShape shape = RegexShape::Of(expression);
    for (int j = 0; j < 8; ++j) {
      const std::string text = make("aab.1", random() % 5);
      const Verdict verdict = Judge(shape, text);
      if (verdict == Verdict::kUnknown) continue;
      ++known;
      ASSERT_EQ(matcher->Matches(text), verdict == Verdict::kYes) << expression << " on " << text;
    }
  }
  EXPECT_GT(known, 50'000);
}

}  // namespace
}  // namespace ora::storage
