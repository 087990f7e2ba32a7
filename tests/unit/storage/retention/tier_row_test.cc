#include "storage/retention/tier_row.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "storage/retention/downsample.h"
#include "tests/unit/storage/retention/random_day.h"

namespace ora::storage {
namespace {

constexpr Day kDay = 20'000;

std::vector<uint64_t> Bits(const std::vector<double>& values) {
  std::vector<uint64_t> bits;
  for (const double value : values) bits.push_back(std::bit_cast<uint64_t>(value));
  return bits;
}

void ExpectSame(const TierRow& a, const TierRow& b) {
  EXPECT_EQ(a.resolution, b.resolution);
  EXPECT_EQ(a.last_millis, b.last_millis);
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(Bits(a.sum), Bits(b.sum));
  EXPECT_EQ(Bits(a.min), Bits(b.min));
  EXPECT_EQ(Bits(a.max), Bits(b.max));
  EXPECT_EQ(Bits(a.last), Bits(b.last));
  EXPECT_EQ(a.first.time_millis, b.first.time_millis);
  EXPECT_EQ(Bits({a.first.value}), Bits({b.first.value}));
  EXPECT_EQ(a.counter_resets, b.counter_resets);
  EXPECT_EQ(a.resets, b.resets);
  EXPECT_EQ(a.stale_millis, b.stale_millis);
}

void ExpectComesBack(const TierRow& row, Day day = kDay) {
  const std::string bytes = EncodeTierRow(row, day);
  const auto decoded = DecodeTierRow(bytes, day);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ExpectSame(*decoded, row);
}

TierRow RowOf(DayShape shape, uint64_t seed, Resolution resolution = Resolution::kFiveMinutes) {
  return Downsample(RandomDays(shape, seed).Make(kDay), resolution, MetricKind::kUnknown);
}

TEST(TierRowTest, ComesBackBitForBit) {
  for (const DayShape shape : kDayShapes) {
    for (uint64_t seed = 1; seed <= 30; ++seed) {
      for (const Resolution resolution : {Resolution::kFiveMinutes, Resolution::kOneHour}) {
        ExpectComesBack(RowOf(shape, seed, resolution));
      }
    }
  }
}

TEST(TierRowTest, ComesBackWithNothingButStalenessMarkersAndWithNothing) {
  TierRow row;
  ExpectComesBack(row);
  row.stale_millis = {StartOf(kDay), StartOf(kDay + 1) - 1};
  ExpectComesBack(row);
}

TEST(TierRowTest, ComesBackWithOneSample) {
  for (const double value : {0.0, -0.0, 17.25, 1e300, StaleMarker() * 0, 0.1 + 0.2}) {
    SampleColumns one;
    one.time_millis = {StartOf(kDay + 1) - 1};
    one.values = {value};
    ExpectComesBack(Downsample(one, Resolution::kOneHour, MetricKind::kCounter));
  }
}

TEST(TierRowTest, ComesBackOnDaysFarFromOurs) {
  for (const Day day : {-400'000, -1, 0, 2'000'000}) {
    SampleColumns samples;
    samples.time_millis = {StartOf(day), StartOf(day) + 299'999, StartOf(day) + 300'000,
                           StartOf(day + 1) - 300'000, StartOf(day + 1) - 1};
    samples.values = {1, 2, 3, 4, 5};
    const TierRow row = Downsample(samples, Resolution::kFiveMinutes, MetricKind::kCounter);
    EXPECT_EQ(row.size(), 3u);
    ExpectComesBack(row, day);
  }
}

TEST(TierRowTest, ComesBackWithABucketForEachFiveMinutesOfAMillisecondSeries) {
  SampleColumns samples;
  for (int64_t offset = 0; offset < kDayMillis; offset += 20) {
    samples.time_millis.push_back(StartOf(kDay) + offset);
    samples.values.push_back(static_cast<double>(offset % 977));
  }
  const TierRow row = Downsample(samples, Resolution::kFiveMinutes, MetricKind::kCounter);
  EXPECT_EQ(row.size(), 288u);
  EXPECT_EQ(row.resets.size(), 288u);
  ExpectComesBack(row);
}

TEST(TierRowTest, IsRefusedOfAnotherVersion) {
  std::string bytes = EncodeTierRow(RowOf(DayShape::kCounter, 1), kDay);
  bytes[0] = 2;
  const auto decoded = DecodeTierRow(bytes, kDay);
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(decoded.status().message(), "tier row of " + std::to_string(bytes.size()) +
                                            " bytes has version 2, this program reads 1");
}

TEST(TierRowTest, IsRefusedCutShortOrWithBytesBehind) {
  const std::string bytes = EncodeTierRow(RowOf(DayShape::kDecimals, 1), kDay);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeTierRow(bytes.substr(0, size), kDay).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_FALSE(DecodeTierRow(bytes + '\0', kDay).ok());
}

TEST(TierRowTest, IsSafeToReadWithAnyByteChanged) {
  for (const DayShape shape : {DayShape::kCounter, DayShape::kOddities}) {
    const std::string bytes = EncodeTierRow(RowOf(shape, 3, Resolution::kOneHour), kDay);
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (const int flip : {1, 0x80, 0xff}) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        const auto decoded = DecodeTierRow(damaged, kDay);
        if (decoded.ok()) ExpectComesBack(*decoded);
      }
    }
  }
}

}  // namespace
}  // namespace ora::storage
