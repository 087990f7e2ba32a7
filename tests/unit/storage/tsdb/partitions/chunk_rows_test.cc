#include "storage/tsdb/partitions/chunk_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/tsdb/partitions/merge_plan.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr Day kDay = 20'000;
constexpr ChunkPlace kPlace{.day = kDay, .slot = 3, .id = 7, .seal_number = 9};

SampleColumns Seconds(size_t count) {
  SampleColumns columns;
  for (size_t i = 0; i < count; ++i) {
    columns.time_millis.push_back(StartOf(kDay) + static_cast<int64_t>(i) * 1000);
    columns.values.push_back(static_cast<double>(i % 97));
  }
  return columns;
}

std::vector<ChunkRow> RowsOf(const SampleColumns& columns) {
  return MakeChunkRows(kPlace, {columns.time_millis, columns.values}, ChunkEffort::kBest);
}

TEST(ChunkRowsTest, ARowComesBackAndItsKeySaysWhereItLies) {
  const SampleColumns columns = Seconds(10);
  const std::vector<ChunkRow> rows = RowsOf(columns);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].key.slot, 3);
  EXPECT_EQ(rows[0].key.id, 7u);
  EXPECT_EQ(rows[0].key.seal_number, 9u);
  EXPECT_EQ(rows[0].key.first_offset_millis, 0u);
  EXPECT_EQ(rows[0].key.last_offset_millis, 9000u);
  EXPECT_EQ(rows[0].samples, 10u);
  SampleColumns back;
  ASSERT_TRUE(AppendChunkValue(rows[0].value, back).ok());
  EXPECT_EQ(back.time_millis, columns.time_millis);
  EXPECT_EQ(back.values, columns.values);
}

TEST(ChunkRowsTest, ARowIsFilledToItsLimitAndOneMoreMakesTwoOfOneLength) {
  EXPECT_EQ(RowsOf(Seconds(kChunkRowSamplesMax)).size(), 1u);
  const std::vector<ChunkRow> rows = RowsOf(Seconds(kChunkRowSamplesMax + 1));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].samples, kChunkRowSamplesMax / 2);
  EXPECT_EQ(rows[1].samples, kChunkRowSamplesMax / 2 + 1);
  EXPECT_LT(rows[0].key.last_offset_millis, rows[1].key.first_offset_millis);
}

TEST(ChunkRowsTest, NoticesAFlippedBitAnywhereAndLeavesTheColumnsAsTheyWere) {
  const std::vector<ChunkRow> rows = RowsOf(Seconds(10));
  for (size_t bit = 0; bit < rows[0].value.size() * 8; ++bit) {
    std::string damaged = rows[0].value;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    SampleColumns columns = Seconds(2);
    EXPECT_FALSE(AppendChunkValue(damaged, columns).ok()) << bit;
    EXPECT_EQ(columns.size(), 2u);
  }
}

TEST(ChunkRowsTest, DividesSamplesByDaysBeforeTheEpochToo) {
  const SampleColumns columns{{-1, 0, kDayMillis - 1, kDayMillis}, {1, 2, 3, 4}};
  std::vector<std::pair<Day, size_t>> days;
  ForEachDay(columns, [&](Day day, const SampleSpans& samples) {
    days.emplace_back(day, samples.time_millis.size());
  });
  EXPECT_THAT(days, ElementsAre(Pair(-1, 1), Pair(0, 2), Pair(1, 1)));
}

}  // namespace
}  // namespace ora::storage
