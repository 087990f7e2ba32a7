#include "storage/open/open_segment.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <memory>
#include <random>
#include <vector>

namespace ora::storage {
namespace {

using Point = std::pair<int64_t, double>;

constexpr int64_t kStart = 1'767'225'600'000;

class OpenSegmentTest : public testing::Test {
 protected:
  void Append(size_t first, int64_t time_millis, const std::vector<double>& values) {
    segment_.Append(first, values.size(), time_millis,
                    reinterpret_cast<const char*>(values.data()));
    for (size_t i = 0; i < values.size(); ++i) {
      expected_[first + i].emplace_back(time_millis, values[i]);
    }
  }

  // The first `count` samples of a series, read at the position of `count` or a later one.
  void ExpectFirst(const OpenSegment::Position& position, size_t series, uint32_t count) const {
    SampleColumns columns{{-7}, {0.5}};
    segment_.Read(position, count, columns);
    ASSERT_EQ(columns.time_millis.size(), count + 1);
    ASSERT_EQ(columns.values.size(), count + 1);
    EXPECT_EQ(columns.time_millis[0], -7);
    for (uint32_t i = 0; i < count; ++i) {
      EXPECT_EQ(columns.time_millis[i + 1], expected_[series][i].first) << series << ' ' << i;
      EXPECT_EQ(std::bit_cast<uint64_t>(columns.values[i + 1]),
                std::bit_cast<uint64_t>(expected_[series][i].second));
    }
  }

  void ExpectAll() const {
    uint64_t samples = 0;
    for (size_t series = 0; series < OpenSegment::kSeries; ++series) {
      const auto count = static_cast<uint32_t>(expected_[series].size());
      ASSERT_EQ(segment_.CountOf(series), count);
      OpenSegment::Position position;
      segment_.Capture(series, position);
      ASSERT_EQ(position.count, count);
      ExpectFirst(position, series, count);
      samples += count;
    }
    EXPECT_EQ(segment_.samples(), samples);
  }

  OpenSegment segment_;
  std::vector<std::vector<Point>> expected_{OpenSegment::kSeries};
};

TEST_F(OpenSegmentTest, HoldsNothingAtFirst) { ExpectAll(); }

TEST_F(OpenSegmentTest, KeepsWhatNeighboursSendStepByStep) {
  // Over the border between two lanes, and over the end of several tails.
  for (int step = 0; step < 100; ++step) {
    std::vector<double> values;
    for (int i = 0; i < 101; ++i) values.push_back(i * 1000 + step);
    Append(40, kStart + step * 10'000, values);
  }
  ExpectAll();
}

TEST_F(OpenSegmentTest, KeepsTimesInAnyOrderAndHoweverFarApart) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kOffsetMax = std::numeric_limits<int32_t>::max();
  for (const int64_t time :
       {kStart, kStart - 1, kStart, kStart + kOffsetMax, kStart + kOffsetMax + 1, kStart,
        kStart - kOffsetMax - 1, kStart - kOffsetMax - 2, int64_t{0}, kMin, kMax, kMin}) {
    Append(1023, time, {static_cast<double>(time)});
  }
  ExpectAll();
}

TEST_F(OpenSegmentTest, KeepsEveryBitOfAValue) {
  for (const uint64_t bits : {kStaleMarkerBits, uint64_t{0x7ff8000000000001},
                              uint64_t{0xfff0000000000000}, uint64_t{1} << 63, uint64_t{1}}) {
    for (int i = 0; i < 20; ++i) Append(0, kStart + i, {std::bit_cast<double>(bits)});
  }
  ExpectAll();
}

TEST_F(OpenSegmentTest, WhatWasCapturedStaysReadableWhileMoreIsAppended) {
  for (int step = 0; step < 40; ++step) Append(5, kStart + step, {1.0 * step});
  OpenSegment::Position early;
  segment_.Capture(5, early);
  for (int step = 40; step < 200; ++step) Append(5, kStart + step, {1.0 * step});
  ExpectFirst(early, 5, 40);
  OpenSegment::Position late;
  segment_.Capture(5, late);
  for (const uint32_t count : {0u, 1u, 15u, 16u, 17u, 40u, 192u, 193u, 200u}) {
    ExpectFirst(late, 5, count);
  }
}

TEST_F(OpenSegmentTest, KeepsRandomSamplesOfManySeriesOverManyPieces) {
  std::mt19937_64 random(7);
  for (int step = 0; step < 400; ++step) {
    const size_t first = random() % OpenSegment::kSeries;
    std::vector<double> values(1 + random() % (OpenSegment::kSeries - first));
    for (double& value : values) value = std::bit_cast<double>(random());
    Append(first, kStart + static_cast<int64_t>(random() % 100'000), values);
  }
  ExpectAll();
  EXPECT_GT(segment_.bytes(), segment_.samples() * sizeof(double));
}

TEST_F(OpenSegmentTest, TakesMemoryOnlyWhereSeriesAre) {
  const uint64_t empty = segment_.bytes();
  Append(0, kStart, {1});
  const uint64_t one = segment_.bytes();
  EXPECT_LE(one - empty, 16u << 10);
  Append(63, kStart, {1});
  EXPECT_EQ(segment_.bytes(), one);
  Append(64, kStart, {1});
  EXPECT_EQ(segment_.bytes() - one, one - empty);
}

TEST_F(OpenSegmentTest, TakesFewBytesASampleOfALiveSeries) {
  constexpr int kSteps = 48;
  for (int step = 0; step < kSteps; ++step) {
    Append(0, kStart + step * 10'000, std::vector<double>(OpenSegment::kSeries, 50.0 * step));
  }
  const uint64_t bytes_per_series = segment_.bytes() / OpenSegment::kSeries;
  EXPECT_LE(bytes_per_series, 350u);
}

}  // namespace
}  // namespace ora::storage
