#include "storage/tsdb/hot/hot_columns.h"

#include <gtest/gtest.h>

#include "storage/chunk/chunk_codec.h"

namespace ora::storage {
namespace {

constexpr TimeRange kMorning = {1'000, 2'000};
constexpr TimeRange kEvening = {3'000, 4'000};

std::shared_ptr<const PackedColumn> Column() {
  return std::make_shared<const PackedColumn>(
      PackedColumn::OfChunk(EncodeChunk({1'000, 2'000}, {1, 2}, ChunkEffort::kFast)).value());
}

std::shared_ptr<const HotSeries> SeriesAfter(uint64_t writes) {
  return std::make_shared<const HotSeries>(HotSeries{writes, {{kMorning, 1, Column()}}});
}

// So many of these fit into one shard.
uint64_t BytesForSeriesAShard(uint64_t count) {
  return SeriesAfter(1)->bytes() * count * HotColumns::kShards;
}

TEST(HotColumnsTest, GivesWhatWasPutAfterTheSameNumberOfWrites) {
  HotColumns hot(BytesForSeriesAShard(1));
  EXPECT_EQ(hot.Find({1, 1}, 7), nullptr);
  const auto series = SeriesAfter(7);
  hot.Put({1, 1}, series);
  EXPECT_EQ(hot.Find({1, 1}, 7), series);
  EXPECT_EQ(hot.Find({1, 1}, 8), nullptr);
  EXPECT_EQ(hot.Find({1, 2}, 7), nullptr);
  EXPECT_EQ(hot.Find({2, 1}, 7), nullptr);
}

TEST(HotColumnsTest, WhatIsOfMoreWritesStays) {
  HotColumns hot(BytesForSeriesAShard(1));
  hot.Put({1, 1}, SeriesAfter(7));
  hot.Put({1, 1}, SeriesAfter(8));
  hot.Put({1, 1}, SeriesAfter(7));
  EXPECT_NE(hot.Find({1, 1}, 8), nullptr);
  EXPECT_EQ(hot.bytes(), SeriesAfter(1)->bytes());
}

TEST(HotColumnsTest, LetsGoOfWhatWasNotUsedForLongest) {
  constexpr SeriesId kMany = 1'000;
  HotColumns hot(BytesForSeriesAShard(2));
  for (SeriesId id = 1; id <= kMany; ++id) {
    hot.Put({1, id}, SeriesAfter(1));
    ASSERT_NE(hot.Find({1, id}, 1), nullptr);
    ASSERT_NE(hot.Find({1, 1}, 1), nullptr);  // It is used all the time.
    ASSERT_LE(hot.bytes(), hot.bytes_max());
  }
  EXPECT_EQ(hot.bytes(), hot.bytes_max());  // Every shard is full.
}

TEST(HotColumnsTest, KeepsNothingThatTakesMoreThanAShardHas) {
  HotColumns full(BytesForSeriesAShard(1));
  full.Put({1, 1}, SeriesAfter(1));
  EXPECT_NE(full.Find({1, 1}, 1), nullptr);
  HotColumns small(BytesForSeriesAShard(1) - 1);
  small.Put({1, 1}, SeriesAfter(1));
  EXPECT_EQ(small.Find({1, 1}, 1), nullptr);
  EXPECT_EQ(small.bytes(), 0);
}

TEST(HotColumnsTest, NotesWhatIsAskedForTheFirstTime) {
  HotColumns hot(0);
  EXPECT_FALSE(hot.IsAskedAgain({1, 1}));
  EXPECT_TRUE(hot.IsAskedAgain({1, 1}));
  EXPECT_TRUE(hot.IsAskedAgain({1, 1}));
  EXPECT_FALSE(hot.IsAskedAgain({2, 1}));
}

TEST(HotSeriesTest, HasARangeWhenAllRowsInItWereRead) {
  const HotSeries series{1, {{kMorning, 1, Column()}, {kEvening, 2, nullptr}}};
  EXPECT_TRUE(series.Has({0, 2'999}));
  EXPECT_FALSE(series.Has({0, 3'000}));
  EXPECT_FALSE(series.Has({4'000, 5'000}));
  EXPECT_TRUE(series.Has({4'001, 5'000}));
  EXPECT_EQ(series.ColumnOf({kMorning, 1, nullptr}), series.rows[0].column);
  EXPECT_EQ(series.ColumnOf({kMorning, 2, nullptr}), nullptr);
  EXPECT_EQ(series.ColumnOf({kEvening, 2, nullptr}), nullptr);
}

}  // namespace
}  // namespace ora::storage
