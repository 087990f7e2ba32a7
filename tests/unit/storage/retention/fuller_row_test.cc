#include "storage/retention/fuller_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "storage/retention/downsample.h"

namespace ora::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Day kDay = 20'000;

TierRow Row(const std::vector<std::pair<int64_t, double>>& samples) {
  SampleColumns columns;
  for (const auto& [second, value] : samples) {
    columns.time_millis.push_back(StartOf(kDay) + second * 1'000);
    columns.values.push_back(value);
  }
  return Downsample(columns, Resolution::kFiveMinutes, MetricKind::kCounter);
}

int64_t At(int64_t second) { return StartOf(kDay) + second * 1'000; }

TEST(FullerRowTest, IsTheFreshOneWhereItHasAllThatWasThere) {
  const TierRow stored = Row({{0, 9}, {10, 9}, {300, 7}, {600, StaleMarker()}});
  const TierRow fresh = Row({{0, 9}, {5, 1}, {10, 9}, {300, 2}, {600, StaleMarker()}, {900, 3}});
  const TierRow row = FullerRow(stored, fresh);
  EXPECT_THAT(row.count, ElementsAre(3, 1, 1));
  EXPECT_THAT(row.last, ElementsAre(9, 2, 3));
  EXPECT_THAT(row.resets, ElementsAre(ResetLoss{0, 9}));
  EXPECT_EQ(row.counter_resets, CounterResets::kKept);
  EXPECT_THAT(row.stale_millis, ElementsAre(At(600)));
}

TEST(FullerRowTest, KeepsTheBucketsWhoseSamplesAreGone) {
  const TierRow stored =
      Row({{0, 4}, {10, 5}, {20, StaleMarker()}, {300, 6}, {310, 8}, {600, StaleMarker()}});
  const TierRow fresh = Row({{20, 3}, {300, 1}, {305, 2}, {310, 3}, {900, 7}});
  const TierRow row = FullerRow(stored, fresh);
  EXPECT_EQ(row.resolution, Resolution::kFiveMinutes);
  EXPECT_THAT(row.last_millis, ElementsAre(At(10), At(310), At(900)));
  EXPECT_THAT(row.count, ElementsAre(2, 3, 1));
  EXPECT_THAT(row.sum, ElementsAre(9, 6, 7));
  EXPECT_THAT(row.min, ElementsAre(4, 1, 7));
  EXPECT_THAT(row.max, ElementsAre(5, 3, 7));
  EXPECT_THAT(row.last, ElementsAre(5, 3, 7));
  EXPECT_EQ(row.first.time_millis, At(0));
  EXPECT_EQ(row.first.value, 4);
  EXPECT_THAT(row.stale_millis, ElementsAre(At(20), At(600)));
  EXPECT_EQ(row.counter_resets, CounterResets::kNotKept);
  EXPECT_THAT(row.resets, IsEmpty());
  EXPECT_TRUE(DecodeTierRow(EncodeTierRow(row, kDay), kDay).ok());
}

TEST(FullerRowTest, TakesOverASeriesThatIsGone) {
  const TierRow stored = Row({{0, 4}, {600, 5}});
  EXPECT_THAT(FullerRow(stored, Row({})).last, ElementsAre(4, 5));
  EXPECT_THAT(FullerRow(Row({}), stored).last, ElementsAre(4, 5));
}

}  // namespace
}  // namespace ora::storage
