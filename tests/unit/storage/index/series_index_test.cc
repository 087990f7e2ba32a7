#include "storage/index/series_index.h"

#include <gmock/gmock.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SeriesIndexTest : public testing::Test {
 protected:
  uint32_t Add(const Labels& labels) {
    const uint32_t id = index_.Allot(7, labels)->id;
    index_.Publish({id});
    return id;
  }

  std::vector<std::string> Find(std::vector<Matcher> matchers) const {
    std::vector<std::string> found;
    const auto entries = index_.Select(matchers, 1000).value();
    for (const auto& entry : entries) {
      found.push_back(index_.LabelsOf(entry.id).ToString());
    }
    return found;
  }

  static Matcher Match(absl::string_view name, MatchType type, absl::string_view value) {
    return Matcher::Make(name, type, value).value();
  }

  // Every matcher shape over a set of series must find what matching each series finds.
  void ExpectAsByMatching(const Matcher& matcher) const {
    std::vector<std::string> expected;
    const auto entries = index_.Select({}, 1000).value();
    for (const auto& entry : entries) {
      const Labels labels = index_.LabelsOf(entry.id);
      if (matcher.Matches(labels.Get(matcher.name()))) expected.push_back(labels.ToString());
    }
    EXPECT_EQ(Find({matcher}), expected) << matcher.ToString();
  }

  SeriesIndex index_{1000};
};

TEST_F(SeriesIndexTest, FindsWhatEveryMatcherMatches) {
  for (const char* a : {"", "x", "xy", "xyz", "y"}) {
    for (const char* b : {"", "1", "2"}) {
      Add(Labels({{"__name__", "m"}, {"a", a}, {"b", b}}));
    }
  }
  for (const MatchType type :
       {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegex, MatchType::kNotRegex}) {
    for (const char* value : {"", "x", "x|y", "x.*", "x.+", "xy?", ".*", ".+", "|x", "[xy]", "q"}) {
      ExpectAsByMatching(Match("a", type, value));
      ExpectAsByMatching(Match("absent", type, value));
    }
  }
}

TEST_F(SeriesIndexTest, IntersectsMatchers) {
  Add(Labels({{"a", "x"}, {"b", "1"}}));
  Add(Labels({{"a", "x"}, {"b", "2"}}));
  Add(Labels({{"a", "y"}, {"b", "1"}}));
  EXPECT_THAT(Find({Matcher::Equal("a", "x"), Match("b", MatchType::kNotEqual, "2")}),
              ElementsAre(R"({a="x",b="1"})"));
  EXPECT_THAT(Find({Matcher::Equal("a", "x"), Matcher::Equal("b", "3")}), IsEmpty());
}

TEST_F(SeriesIndexTest, HidesWhatIsNotPublished) {
  const uint32_t id = index_.Allot(7, Labels({{"a", "x"}}))->id;
  EXPECT_TRUE(index_.IsAllotted(id));
  EXPECT_FALSE(index_.IsPublished(id));
  EXPECT_THAT(Find({}), IsEmpty());
  EXPECT_THAT(index_.LabelNames({}), IsEmpty());
}

TEST_F(SeriesIndexTest, ASeriesKeepsTheSlotThatNamedItFirst) {
  const auto first = index_.Allot(7, Labels({{"a", "x"}}));
  const auto again = index_.Allot(9, Labels({{"a", "x"}}));
  EXPECT_EQ(first->id, again->id);
  EXPECT_EQ(again->slot, 7);
  EXPECT_THAT(index_.SlotsInUse(), ElementsAre(7));
}

TEST_F(SeriesIndexTest, SkippedIdsAreNotGivenAgain) {
  index_.SkipIdsBelow(50);
  EXPECT_EQ(Add(Labels({{"a", "x"}})), 50u);
}

TEST_F(SeriesIndexTest, RefusesToRestoreAnIdOrLabelsTwice) {
  EXPECT_TRUE(index_.Restore({3, 7}, Labels({{"a", "x"}})).ok());
  EXPECT_EQ(index_.Restore({3, 7}, Labels({{"a", "y"}})).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(index_.Restore({4, 7}, Labels({{"a", "x"}})).code(), absl::StatusCode::kDataLoss);
}

TEST_F(SeriesIndexTest, ServesTenThousandSeries) {
  SeriesIndex index(10'000);
  for (int i = 0; i < 10'000; ++i) {
    const auto entry =
        index.Allot(1, Labels({{"i", absl::StrCat(i)}, {"m", absl::StrCat(i % 10)}}));
    ASSERT_TRUE(entry.ok()) << entry.status();
    index.Publish({entry->id});
  }
  const std::vector<Matcher> matchers = {Matcher::Equal("m", "3"),
                                         Match("i", MatchType::kRegex, "99.*")};
  EXPECT_EQ(index.Select(matchers, 100)->size(), 11u);
  EXPECT_FALSE(index.Allot(1, Labels({{"i", "one more"}})).ok());
}

}  // namespace
}  // namespace ora::storage
