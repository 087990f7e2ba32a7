#include <gmock/gmock.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "storage/index/series_index.h"
#include "tests/fakes/manual_clock.h"

namespace ora::storage {

bool operator==(const CardinalityEntry& a, const CardinalityEntry& b) {
  return a.name == b.name && a.count == b.count;
}

void PrintTo(const CardinalityEntry& entry, std::ostream* out) {
  *out << entry.name << ": " << entry.count;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Entry = CardinalityEntry;

class CardinalityTest : public testing::Test {
 protected:
  uint32_t Add(absl::string_view metric, absl::string_view host, absl::string_view path) {
    const Labels labels({{"__name__", std::string(metric)},
                         {"instance", std::string(host)},
                         {"path", std::string(path)}});
    const uint32_t id = index_.Allot(7, labels)->id;
    index_.Publish({id});
    return id;
  }

  fakes::ManualClock clock_;
  SeriesIndex index_{{.series_max = 1'000'000, .series_per_instance_max = 100'000}, clock_};
};

TEST_F(CardinalityTest, CountsMetricsLabelsPairsAndHostsTheHighestFirst) {
  Add("requests", "web-1", "/a");
  Add("requests", "web-1", "/b");
  Add("requests", "web-2", "/a");
  Add("errors", "web-1", "/\"c\"");
  Add("up", "web-1", "");
  const CardinalityReport report = index_.Cardinality(10);
  EXPECT_EQ(report.series, 5u);
  EXPECT_EQ(report.series_max, 1'000'000u);
  EXPECT_EQ(report.series_per_instance_max, 100'000u);
  EXPECT_THAT(report.metrics,
              ElementsAre(Entry{"requests", 3}, Entry{"errors", 1}, Entry{"up", 1}));
  EXPECT_THAT(report.labels,
              ElementsAre(Entry{"__name__", 3}, Entry{"path", 3}, Entry{"instance", 2}));
  EXPECT_THAT(report.instances, ElementsAre(Entry{"web-1", 4}, Entry{"web-2", 1}));
  EXPECT_THAT(report.label_pairs,
              ElementsAre(Entry{R"(instance="web-1")", 4}, Entry{R"(path="/a")", 2},
                          Entry{R"(instance="web-2")", 1}, Entry{R"(path="/\"c\"")", 1},
                          Entry{R"(path="/b")", 1}));
}

TEST_F(CardinalityTest, CutsEachListAtWhatIsAsked) {
  for (int i = 0; i < 30; ++i) Add(absl::StrCat("m", 10 + i), "web-1", "/a");
  Add("m39", "web-2", "/b");
  const CardinalityReport report = index_.Cardinality(2);
  EXPECT_THAT(report.metrics, ElementsAre(Entry{"m39", 2}, Entry{"m10", 1}));
  EXPECT_THAT(report.churn, ElementsAre(Entry{"m39", 2}, Entry{"m10", 1}));
  EXPECT_EQ(report.labels.size(), 2u);
  EXPECT_THAT(index_.Cardinality(0).metrics, IsEmpty());
}

TEST_F(CardinalityTest, ChurnIsWhatWasNamedInTheLastHour) {
  ASSERT_TRUE(index_.Restore({40, 7}, Labels({{"__name__", "restored"}})).ok());
  Add("old", "web-1", "/a");
  clock_.Advance(absl::Minutes(30));
  Add("young", "web-1", "/a");
  EXPECT_THAT(index_.Cardinality(9).churn, ElementsAre(Entry{"old", 1}, Entry{"young", 1}));
  clock_.Advance(absl::Minutes(31));
  EXPECT_THAT(index_.Cardinality(9).churn, ElementsAre(Entry{"young", 1}));
  EXPECT_EQ(index_.Cardinality(9).series_new, 1u);
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(index_.Cardinality(9).churn, IsEmpty());
  EXPECT_EQ(index_.Cardinality(9).series_new, 0u);
  EXPECT_EQ(index_.Cardinality(9).series, 3u);
}

TEST_F(CardinalityTest, WhatIsForgottenIsCountedAsThat) {
  const uint32_t id = Add("requests", "web-1", "/a");
  Add("requests", "web-1", "/b");
  index_.Forget({id});
  const CardinalityReport report = index_.Cardinality(9);
  EXPECT_EQ(report.series, 1u);
  EXPECT_EQ(report.series_forgotten, 1u);
  EXPECT_THAT(report.metrics, ElementsAre(Entry{"requests", 1}));
  EXPECT_THAT(report.label_pairs,
              ElementsAre(Entry{R"(instance="web-1")", 1}, Entry{R"(path="/b")", 1}));
}

TEST_F(CardinalityTest, NothingIsNothing) {
  const CardinalityReport report = index_.Cardinality(9);
  EXPECT_EQ(report.series, 0u);
  EXPECT_THAT(report.metrics, IsEmpty());
  EXPECT_THAT(report.labels, IsEmpty());
}

}  // namespace
}  // namespace ora::storage
