#include "storage/index/series_index.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/fakes/manual_clock.h"

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
    const SeriesSelection selection = index_.Select(matchers, 100'000).value();
    for (size_t i = 0; i < selection.size(); ++i) {
      EXPECT_EQ(selection.LabelsAt(i), index_.LabelsOf(selection[i].id));
      found.push_back(selection.LabelsAt(i).ToString());
    }
    return found;
  }

  static Matcher Match(absl::string_view name, MatchType type, absl::string_view value) {
    return Matcher::Make(name, type, value).value();
  }

  // Whatever way matchers are resolved, they must find what matching each series finds.
  void ExpectAsByMatching(const std::vector<Matcher>& matchers) const {
    std::vector<Labels> expected;
    const SeriesSelection all = index_.Select({}, 100'000).value();
    for (size_t i = 0; i < all.size(); ++i) {
      const Labels labels = all.LabelsAt(i);
      const bool matches = std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& one) {
        return one.Matches(labels.Get(one.name()));
      });
      if (matches) expected.push_back(labels);
    }
    const SeriesSelection found = index_.Select(matchers, 100'000).value();
    std::string text;
    for (const Matcher& one : matchers) absl::StrAppend(&text, one.ToString(), " ");
    ASSERT_EQ(found.size(), expected.size()) << text;
    for (size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found.LabelsAt(i), expected[i]) << text;
  }

  fakes::ManualClock clock_;
  SeriesIndex index_{SeriesLimits{.series_max = 100'000}, clock_};
};

constexpr MatchType kTypes[] = {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegex,
                                MatchType::kNotRegex};

TEST_F(SeriesIndexTest, FindsWhatEveryMatcherMatches) {
  for (const char* a : {"", "x", "xy", "xyz", "y"}) {
    for (const char* b : {"", "1", "2"}) {
      Add(Labels({{"__name__", "m"}, {"a", a}, {"b", b}}));
    }
  }
  for (const MatchType type : kTypes) {
    for (const char* value : {"", "x", "x|y", "x.*", "x.+", "xy?", ".*", ".+", "|x", "[xy]", "q",
                              "(x|y)", "x(y|.*)", ".*y", "x|.+y", "()"}) {
      ExpectAsByMatching({Match("a", type, value)});
      ExpectAsByMatching({Match("absent", type, value)});
      ExpectAsByMatching({Matcher::Equal("b", "1"), Match("a", type, value)});
      ExpectAsByMatching({Match("b", MatchType::kNotEqual, "1"), Match("a", type, value)});
    }
  }
}

// So many values that expressions are cached, and so few series at times that each is looked at.
TEST_F(SeriesIndexTest, FindsWhatMatchersMatchAmongManyValuesAgainAndAgain) {
  for (int i = 0; i < 2500; ++i) {
    const std::string host = i % 7 == 0 ? "" : absl::StrCat("host-", i);
    Add(Labels({{"__name__", absl::StrCat("m", i % 50)}, {"host", host}}));
  }
  for (const int grown : {0, 1, 2}) {
    for (const MatchType type : kTypes) {
      for (const char* value : {"host-1.*", ".*7", "host-(1|22|333)", "host-1.+|.*9", ".+", ""}) {
        ExpectAsByMatching({Match("host", type, value)});
        ExpectAsByMatching({Match("host", type, value), Matcher::Equal("__name__", "m3")});
        ExpectAsByMatching({Match("host", type, value), Match("__name__", type, "m(1|2).*")});
      }
    }
    for (int i = 0; i < 100; ++i) {
      Add(Labels({{"__name__", "m3"}, {"host", absl::StrCat("host-1-", grown, "-", i)}}));
    }
    const SeriesSelection some = index_.Select({}, 100'000).value();
    std::vector<uint32_t> gone;
    for (size_t i = 0; i < some.size(); i += 5) gone.push_back(some[i].id);
    index_.Forget(gone);
  }
}

TEST_F(SeriesIndexTest, SortsManySeriesAsLabelsAreOrdered) {
  std::mt19937 random(11);
  const auto value = [&](uint32_t values) { return absl::StrCat("v", random() % values); };
  for (int i = 0; i < 6000; ++i) {
    Labels labels({{"__name__", value(3)}, {"z", absl::StrCat(random())}});
    for (const char* name : {"a", "b", "c", "Long", "_"}) {
      if (random() % 3 > 0) labels.Set(name, value(5 + random() % 3000));
    }
    Add(labels);
  }
  const SeriesSelection all = index_.Select({}, 100'000).value();
  ASSERT_GT(all.size(), 5900u);
  for (size_t i = 1; i < all.size(); ++i) ASSERT_LT(all.LabelsAt(i - 1), all.LabelsAt(i));
}

TEST_F(SeriesIndexTest, IntersectsMatchers) {
  Add(Labels({{"a", "x"}, {"b", "1"}}));
  Add(Labels({{"a", "x"}, {"b", "2"}}));
  Add(Labels({{"a", "y"}, {"b", "1"}}));
  EXPECT_THAT(Find({Matcher::Equal("a", "x"), Match("b", MatchType::kNotEqual, "2")}),
              ElementsAre(R"({a="x",b="1"})"));
  EXPECT_THAT(Find({Matcher::Equal("a", "x"), Matcher::Equal("b", "3")}), IsEmpty());
}

TEST_F(SeriesIndexTest, RefusesToSelectMoreThanAsked) {
  for (const char* a : {"x", "y", "z"}) Add(Labels({{"a", a}}));
  EXPECT_TRUE(index_.Select({}, 3).ok());
  EXPECT_EQ(index_.Select({}, 2).status().message(),
            "selection matches 3 series, at most 2 are allowed; add matchers");
}

TEST_F(SeriesIndexTest, HidesWhatIsNotPublished) {
  const uint32_t id = index_.Allot(7, Labels({{"a", "x"}}))->id;
  EXPECT_TRUE(index_.IsAllotted(id));
  EXPECT_FALSE(index_.IsPublished(id));
  EXPECT_THAT(Find({}), IsEmpty());
  EXPECT_THAT(Find({Matcher::Equal("a", "x")}), IsEmpty());
  EXPECT_THAT(index_.LabelNames({}), IsEmpty());
  EXPECT_THAT(index_.LabelValues("a", {}), IsEmpty());
}

TEST_F(SeriesIndexTest, NamesLabelsAndValuesOfWhatMatches) {
  Add(Labels({{"a", "x"}, {"b", "1"}}));
  Add(Labels({{"a", "x"}, {"c", "2"}}));
  Add(Labels({{"a", "y"}, {"d", "3"}}));
  const std::vector<Matcher> x = {Matcher::Equal("a", "x")};
  EXPECT_THAT(index_.LabelNames({}), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(index_.LabelNames(x), ElementsAre("a", "b", "c"));
  EXPECT_THAT(index_.LabelValues("a", {}), ElementsAre("x", "y"));
  EXPECT_THAT(index_.LabelValues("a", x), ElementsAre("x"));
  EXPECT_THAT(index_.LabelValues("c", x), ElementsAre("2"));
  EXPECT_THAT(index_.LabelValues("d", x), IsEmpty());
  EXPECT_THAT(index_.LabelValues("absent", {}), IsEmpty());
}

TEST_F(SeriesIndexTest, ASeriesKeepsTheSlotThatNamedItFirst) {
  const auto first = index_.Allot(7, Labels({{"a", "x"}}));
  const auto again = index_.Allot(9, Labels({{"a", "x"}}));
  EXPECT_EQ(first->id, again->id);
  EXPECT_EQ(again->slot, 7);
  EXPECT_EQ(index_.SlotOfSeries(first->id), 7);
  EXPECT_THAT(index_.SlotsInUse(), ElementsAre(7));
  index_.Forget({first->id});
  EXPECT_THAT(index_.SlotsInUse(), IsEmpty());
}

TEST_F(SeriesIndexTest, SkippedIdsAreNotGivenAgain) {
  index_.SkipIdsBelow(50);
  EXPECT_FALSE(index_.IsAllotted(49));
  EXPECT_TRUE(index_.WasEver(49));
  EXPECT_FALSE(index_.WasEver(50));
  EXPECT_FALSE(index_.WasEver(0));
  EXPECT_EQ(Add(Labels({{"a", "x"}})), 50u);
  index_.SkipIdsBelow(20);
  EXPECT_EQ(index_.IdNext(), 51u);
}

TEST_F(SeriesIndexTest, RefusesToRestoreAnIdOrLabelsTwice) {
  EXPECT_TRUE(index_.Restore({3, 7}, Labels({{"a", "x"}})).ok());
  EXPECT_EQ(index_.Restore({3, 7}, Labels({{"a", "y"}})).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(index_.Restore({4, 7}, Labels({{"a", "x"}})).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(index_.Restore({0, 7}, Labels({{"a", "z"}})).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(index_.IdNext(), 4u);
}

TEST_F(SeriesIndexTest, RefusesMoreLabelsThanARecordHolds) {
  std::vector<Label> labels;
  for (int i = 0; i < 4000; ++i) labels.push_back({absl::StrCat("n", i), "x"});
  EXPECT_TRUE(index_.Allot(7, Labels(labels)).ok());
  labels.push_back({"one_more", "x"});
  EXPECT_EQ(index_.Allot(7, Labels(labels)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(SeriesIndexTest, AForgottenSeriesIsFoundNoMoreAndItsLabelsMakeANewOne) {
  const Labels labels({{"__name__", "m"}, {"a", "x"}});
  const uint32_t id = Add(labels);
  Add(Labels({{"__name__", "m"}, {"a", "y"}}));
  index_.Forget({id, id, 999});
  EXPECT_FALSE(index_.IsAllotted(id));
  EXPECT_FALSE(index_.IsPublished(id));
  EXPECT_TRUE(index_.WasEver(id));
  EXPECT_EQ(index_.LabelsOf(id), Labels());
  EXPECT_EQ(index_.SeriesCount(), 1u);
  EXPECT_THAT(Find({Matcher::Equal("__name__", "m")}), ElementsAre(R"(m{a="y"})"));
  EXPECT_THAT(index_.LabelValues("a", {}), ElementsAre("y"));
  index_.Publish({id});
  EXPECT_FALSE(index_.IsPublished(id));
  EXPECT_GT(Add(labels), id);
  EXPECT_EQ(index_.SeriesCount(), 2u);
}

TEST_F(SeriesIndexTest, ASelectionKeepsTheLabelsOfWhatIsForgottenMeanwhile) {
  std::vector<uint32_t> ids;
  for (int i = 0; i < 300; ++i) ids.push_back(Add(Labels({{"a", absl::StrCat("value ", i)}})));
  const SeriesSelection selection = index_.Select({}, 1000).value();
  index_.Forget(ids);
  for (int i = 0; i < 300; ++i) Add(Labels({{"b", absl::StrCat("other ", i)}}));
  index_.Forget({});
  std::set<std::string> values;
  for (size_t i = 0; i < selection.size(); ++i) {
    values.emplace(selection.LabelsAt(i).Get("a"));
  }
  EXPECT_EQ(values.size(), 300u);
  EXPECT_EQ(*values.begin(), "value 0");
}

TEST_F(SeriesIndexTest, SparesWhatWasInternedLately) {
  const Labels old({{"a", "old"}});
  const uint32_t old_id = Add(old);
  const uint32_t never_written = index_.Allot(7, Labels({{"a", "abandoned"}}))->id;
  const uint32_t alive = Add(Labels({{"a", "alive"}}));
  ASSERT_TRUE(index_.Restore({10, 7}, Labels({{"a", "restored"}})).ok());
  Roaring holds_samples;
  holds_samples.add(alive);
  EXPECT_THAT(index_.IdleIds(holds_samples, absl::Hours(1)), ElementsAre(10u));
  clock_.Advance(absl::Minutes(62));
  EXPECT_THAT(index_.IdleIds(holds_samples, absl::Hours(1)),
              ElementsAre(old_id, never_written, 10u));
  ASSERT_TRUE(index_.Allot(7, old).ok());
  EXPECT_THAT(index_.IdleIds(holds_samples, absl::Hours(1)), ElementsAre(never_written, 10u));
  EXPECT_TRUE(index_.IdsInternedWithin(absl::Hours(1)).contains(old_id));
  EXPECT_EQ(index_.IdsInternedWithin(absl::Hours(1)).cardinality(), 1u);
  EXPECT_EQ(index_.IdsInternedWithin(absl::InfiniteDuration()).cardinality(), 3u);
}

class SeriesLimitsTest : public testing::Test {
 protected:
  absl::Status Add(const Labels& labels) {
    const auto entry = index_.Allot(7, labels);
    if (entry.ok()) index_.Publish({entry->id});
    return entry.status();
  }
  absl::Status AddRequest(absl::string_view host, int path) {
    return Add(Labels({{"__name__", "http_requests_total"},
                       {"instance", std::string(host)},
                       {"code", absl::StrCat(path % 2)},
                       {"path", absl::StrCat("/", path)}}));
  }

  fakes::ManualClock clock_;
  SeriesIndex index_{{.series_max = 12, .series_per_instance_max = 5}, clock_};
};

TEST_F(SeriesLimitsTest, AHostHasItsOwnLimitAndIsToldItsWorstLabel) {
  ASSERT_TRUE(Add(Labels({{"__name__", "up"}, {"instance", "web-1"}})).ok());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(AddRequest("web-1", i).ok());
  EXPECT_TRUE(AddRequest("web-1", 3).ok());
  const absl::Status refused = Add(Labels({{"__name__", "other"}, {"instance", "web-1"}}));
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.message(),
            "host web-1 has 5 series, its limit; a new one of metric other is refused; label path "
            "of http_requests_total has 4 values there: drop it or raise series_per_host_max");
  EXPECT_TRUE(AddRequest("web-2", 9).ok());
}

TEST_F(SeriesLimitsTest, TheStoreHasALimitAndNamesTheWorstLabelOfAll) {
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(AddRequest(absl::StrCat("web-", i % 3), i).ok());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Add(Labels({{"__name__", "up"}, {"a", absl::StrCat(i)}})).ok());
  }
  EXPECT_EQ(AddRequest("web-4", 100).message(),
            "store has 12 series, its limit; a new one of metric http_requests_total is refused; "
            "label path of http_requests_total has 9 values: drop it or raise series_max");
  index_.Forget({1});
  EXPECT_TRUE(AddRequest("web-4", 100).ok());
}

TEST_F(SeriesLimitsTest, TellsAHostWhatWasFoundLatelyAndLooksAgainLater) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(AddRequest("web-1", i).ok());
  EXPECT_THAT(AddRequest("web-1", 5).message(), testing::HasSubstr("path of http"));
  index_.Forget({1, 2, 3, 4});
  for (int i = 0; i < 4; ++i) {
    const Labels labels({{"__name__", "m"}, {"instance", "web-1"}, {"b", absl::StrCat(i)}});
    ASSERT_TRUE(Add(labels).ok());
  }
  EXPECT_THAT(AddRequest("web-1", 5).message(), testing::HasSubstr("path of http"));
  clock_.Advance(LimitRefusals::kFindEvery);
  EXPECT_THAT(AddRequest("web-1", 5).message(), testing::HasSubstr("label b of m has 4 values"));
}

TEST_F(SeriesLimitsTest, LooksForNoMoreHostsThanItsLimit) {
  SeriesIndex index({.series_per_instance_max = 1}, clock_);
  const auto refusal = [&](size_t host) {
    const std::string name = absl::StrCat("h", host);
    const auto first = index.Allot(7, Labels({{"__name__", "m"}, {"instance", name}, {"a", "1"}}));
    if (first.ok()) index.Publish({first->id});
    return std::string(index.Allot(7, Labels({{"__name__", "m"}, {"instance", name}, {"a", "2"}}))
                           .status()
                           .message());
  };
  for (size_t host = 0; host < LimitRefusals::kHostsMax; ++host) {
    ASSERT_THAT(refusal(host), testing::HasSubstr("label a of m has 1 values there"));
  }
  EXPECT_EQ(refusal(LimitRefusals::kHostsMax),
            "host h64 has 1 series, its limit; a new one of metric m is refused; drop labels of "
            "many values or raise series_per_host_max");
  clock_.Advance(LimitRefusals::kFindEvery);
  EXPECT_THAT(refusal(LimitRefusals::kHostsMax), testing::HasSubstr("label a of m"));
}

}  // namespace
}  // namespace ora::storage
