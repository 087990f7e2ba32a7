// What is left of a day when its raw samples are gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kDaySeconds = 86'400;
constexpr absl::Duration kDay = absl::Hours(24);

class TiersTest : public StoreTest {
 protected:
  void SetUp() override {
    options_.out_of_order_window = 20 * kDay;
    options_.retention = {.raw = 20 * kDay, .five_minutes = 60 * kDay, .one_hour = 400 * kDay};
    StoreTest::SetUp();
  }

  struct Answer {
    Points points;
    std::vector<std::string> warnings;
  };

  Answer ReadFor(absl::string_view function, absl::string_view metric,
                 int64_t from_seconds = -kAllSeconds, int64_t to_seconds = kAllSeconds) {
    SelectRequest request;
    request.matchers = {Matcher::Equal("__name__", metric)};
    request.range = {At(from_seconds), At(to_seconds)};
    request.hints.function = std::string(function);
    const auto cursor = store_->Select(request);
    EXPECT_TRUE(cursor.ok()) << cursor.status();
    Answer answer;
    while ((*cursor)->Next()) {
      const Points points = ReadAll(**cursor);
      answer.points.insert(answer.points.end(), points.begin(), points.end());
    }
    answer.warnings = (*cursor)->warnings();
    return answer;
  }

  void Settle() {
    const absl::Status settled = store_->Settle();
    ASSERT_TRUE(settled.ok()) << settled;
  }

  // Days of the past go when this many more have passed.
  void PassDays(int days) {
    clock_.Advance(days * kDay);
    const absl::Status expired = store_->ExpireOld();
    ASSERT_TRUE(expired.ok()) << expired;
  }

  // Two five-minute buckets, two days ago, and one raw sample of today's.
  void AppendThreeBuckets() {
    const int64_t day = -2 * kDaySeconds;
    Append(Series("load"),
           {{day, 5}, {day + 10, 2}, {day + 20, 3}, {day + 310, 8}, {day + 320, 6}});
    Append(Series("load"), {{-10, 7}});
  }
};

TEST_F(TiersTest, ServeADayWhoseRawSamplesAreGoneAndNoOther) {
  AppendThreeBuckets();
  Settle();
  const int64_t day = -2 * kDaySeconds;
  EXPECT_THAT(ReadFor("max_over_time", "load").warnings, IsEmpty());
  EXPECT_EQ(ReadFor("max_over_time", "load").points.size(), 6u);
  PassDays(19);
  const Answer maximum = ReadFor("max_over_time", "load");
  EXPECT_EQ(maximum.points, (Points{{day + 20, 5}, {day + 320, 8}, {-10, 7}}));
  EXPECT_THAT(maximum.warnings,
              ElementsAre("downsampled: before 2025-12-31T00:00:00Z there is the maximum of each "
                          "5m in place of samples"));
  EXPECT_EQ(ReadFor("min_over_time", "load").points,
            (Points{{day + 20, 2}, {day + 320, 6}, {-10, 7}}));
  EXPECT_EQ(ReadFor("sum_over_time", "load").points,
            (Points{{day + 20, 10}, {day + 320, 14}, {-10, 7}}));
  EXPECT_EQ(ReadFor("", "load").points, (Points{{day + 20, 3}, {day + 320, 6}, {-10, 7}}));
  EXPECT_THAT(ReadFor("", "load", -kDaySeconds).warnings, IsEmpty());
}

TEST_F(TiersTest, AreReadInTheRangeAlone) {
  AppendThreeBuckets();
  Settle();
  PassDays(19);
  const int64_t day = -2 * kDaySeconds;
  EXPECT_EQ(ReadFor("", "load", day + 21, -11).points, (Points{{day + 320, 6}}));
  EXPECT_EQ(ReadFor("", "load", day, day + 319).points, (Points{{day + 20, 3}}));
  EXPECT_EQ(ReadFor("", "load", day + 21, day + 319).points, Points());
}

TEST_F(TiersTest, OfAnHourServeWhenThoseOfFiveMinutesAreGone) {
  AppendThreeBuckets();
  Settle();
  const int64_t day = -2 * kDaySeconds;
  PassDays(70);
  const Answer answer = ReadFor("max_over_time", "load", -kAllSeconds, -kDaySeconds);
  EXPECT_EQ(answer.points, (Points{{day + 320, 8}}));
  ASSERT_EQ(answer.warnings.size(), 1u);
  EXPECT_THAT(answer.warnings[0], HasSubstr("of each 1h"));
  PassDays(500);
  EXPECT_THAT(ReadFor("max_over_time", "load").points, IsEmpty());
  EXPECT_EQ(store_->Statistics().chunk_bytes, 0u);
}

TEST_F(TiersTest, AreMadeBeforeRawSamplesGoThatNothingSettled) {
  AppendThreeBuckets();
  ASSERT_TRUE(store_->Seal().ok());
  PassDays(19);
  EXPECT_EQ(ReadFor("sum_over_time", "load", -kAllSeconds, -kDaySeconds).points,
            (Points{{-2 * kDaySeconds + 20, 10}, {-2 * kDaySeconds + 320, 14}}));
}

TEST_F(TiersTest, KnowWhatCameLate) {
  AppendThreeBuckets();
  Settle();
  const int64_t day = -2 * kDaySeconds;
  Append(Series("load"), {{day + 15, 100}, {day + 600, 1}});
  Settle();
  PassDays(19);
  EXPECT_EQ(ReadFor("sum_over_time", "load", -kAllSeconds, -kDaySeconds).points,
            (Points{{day + 20, 110}, {day + 320, 14}, {day + 600, 1}}));
}

TEST_F(TiersTest, SurviveACrash) {
  AppendThreeBuckets();
  Settle();
  PassDays(19);
  ReopenCopy();
  EXPECT_EQ(ReadFor("sum_over_time", "load").points.size(), 3u);
  EXPECT_EQ(ReadFor("sum_over_time", "load").warnings.size(), 1u);
}

TEST_F(TiersTest, AreNotKeptWhereTheRuleSaysSo) {
  options_.retention_rules = {
      {"debug",
       {Matcher::Equal("__name__", "debug")},
       {.raw = 3 * kDay, .five_minutes = absl::ZeroDuration(), .one_hour = 100 * kDay}}};
  Reopen();
  Append(Series("debug"), {{-kDaySeconds, 1}, {-kDaySeconds + 400, 2}});
  Append(Series("load"), {{-kDaySeconds, 1}, {-kDaySeconds + 400, 2}});
  Settle();
  PassDays(4);
  EXPECT_EQ(ReadFor("max_over_time", "debug").points, (Points{{-kDaySeconds + 400, 2}}));
  EXPECT_EQ(ReadFor("max_over_time", "load").points.size(), 2u);
  EXPECT_THAT(ReadFor("max_over_time", "load").warnings, IsEmpty());
}

TEST_F(TiersTest, OfTwoRulesAreReadTogetherWhereASeriesWentFromOneToTheOther) {
  const int64_t day = -2 * kDaySeconds;
  Append(Series("load"), {{day, 5}, {day + 310, 8}});
  ASSERT_TRUE(store_->Seal().ok());
  options_.retention_rules = {{"load", {Matcher::Equal("__name__", "load")}, options_.retention}};
  Reopen();
  Append(Series("load"), {{day + 320, 6}, {day + 900, 1}});
  Settle();
  PassDays(21);
  EXPECT_EQ(ReadFor("sum_over_time", "load").points,
            (Points{{day, 5}, {day + 310, 8}, {day + 320, 6}, {day + 900, 1}}));
}

TEST_F(TiersTest, AreReadInARangeThatIsLongerThanTime) {
  AppendThreeBuckets();
  Settle();
  PassDays(21);
  SelectRequest request;
  request.range = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  const auto cursor = store_->Select(request);
  ASSERT_TRUE(cursor.ok()) << cursor.status();
  ASSERT_TRUE((*cursor)->Next());
  EXPECT_EQ(ReadAll(**cursor).size(), 3u);
}

TEST_F(TiersTest, ShowThatASeriesHasEnded) {
  Append(Series("up"), {{-kDaySeconds, 1}, {-kDaySeconds + 10, StaleMarker()}});
  Settle();
  PassDays(21);
  const Points points = ReadFor("", "up").points;
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[1].first, -kDaySeconds + 10);
  EXPECT_TRUE(IsStaleMarker(points[1].second));
}

// The increase of a counter with resets over days of which only tiers are left, or not even those
// of 5 minutes, and raw ones.
TEST_F(TiersTest, GiveTheIncreaseOfACounterAcrossAllOfThem) {
  double value = 0;
  double grown = 0;
  double before = -1;
  Points all;
  std::map<int64_t, double> growth;
  for (int64_t second = -15 * kDaySeconds; second < 0; second += 120) {
    value = second % 7'000 < 120 ? static_cast<double>(second % 13 + 13) : value + 5;
    if (before >= 0) grown += value < before ? value : value - before;
    before = value;
    growth[second] = grown;
    all.emplace_back(second, value);
  }
  Append(Series("lines_total"), all);
  Settle();
  for (const int days : {10, 55, 10}) {
    PassDays(days);
    const Answer answer = ReadFor("increase", "lines_total");
    ASSERT_EQ(answer.warnings.size(), 1u);
    ASSERT_FALSE(answer.points.empty());
    double seen = 0;
    size_t compared = 0;
    for (size_t i = 1; i < answer.points.size(); ++i) {
      const double from = answer.points[i - 1].second;
      const double to = answer.points[i].second;
      seen += to < from ? to : to - from;
      // The ends of hours are those of both tiers' buckets.
      if (answer.points[i].first % 3'600 == -120) {
        EXPECT_EQ(seen, growth.at(answer.points[i].first)) << answer.points[i].first;
        ++compared;
      }
    }
    EXPECT_EQ(compared, 15u * 24);
  }
}

}  // namespace
}  // namespace ora::storage
