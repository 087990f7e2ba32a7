#include "storage/retention/downsample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "tests/unit/storage/retention/random_day.h"

namespace ora::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Day kDay = 20'000;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Samples at seconds of the day.
SampleColumns Samples(const std::vector<std::pair<double, double>>& samples) {
  SampleColumns columns;
  for (const auto& [second, value] : samples) {
    columns.time_millis.push_back(StartOf(kDay) + static_cast<int64_t>(second * 1'000));
    columns.values.push_back(value);
  }
  return columns;
}

TierRow FiveMinutes(const std::vector<std::pair<double, double>>& samples,
                    MetricKind kind = MetricKind::kUnknown) {
  return Downsample(Samples(samples), Resolution::kFiveMinutes, kind);
}

int64_t At(double second) { return StartOf(kDay) + static_cast<int64_t>(second * 1'000); }

TEST(DownsampleTest, MakesABucketOfEachFiveMinutesThatHaveSamples) {
  const TierRow row = FiveMinutes({{0, 5}, {10, 3}, {299.999, 4}, {300, 8}, {900, -1}, {901, 2}});
  EXPECT_THAT(row.last_millis, ElementsAre(At(299.999), At(300), At(901)));
  EXPECT_THAT(row.count, ElementsAre(3, 1, 2));
  EXPECT_THAT(row.sum, ElementsAre(12, 8, 1));
  EXPECT_THAT(row.min, ElementsAre(3, 8, -1));
  EXPECT_THAT(row.max, ElementsAre(5, 8, 2));
  EXPECT_THAT(row.last, ElementsAre(4, 8, 2));
  EXPECT_EQ(row.first.time_millis, At(0));
  EXPECT_EQ(row.first.value, 5);
  EXPECT_THAT(row.stale_millis, IsEmpty());
}

TEST(DownsampleTest, MakesABucketOfEachHour) {
  const TierRow row =
      Downsample(Samples({{0, 1}, {3'599, 2}, {3'600, 3}}), Resolution::kOneHour, {});
  EXPECT_THAT(row.count, ElementsAre(2, 1));
  EXPECT_THAT(row.sum, ElementsAre(3, 3));
}

TEST(DownsampleTest, KeepsWhatAdditionsWouldLose) {
  EXPECT_THAT(FiveMinutes({{0, 1e16}, {1, 1}, {2, 1}, {3, -1e16}}).sum, ElementsAre(2));
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(FiveMinutes({{0, 1}, {1, infinity}, {2, 1}}).sum, ElementsAre(infinity));
}

TEST(DownsampleTest, CountsNanButTakesItForNoExtreme) {
  const TierRow row = FiveMinutes({{0, kNan}, {1, 4}, {2, kNan}, {300, kNan}, {301, kNan}});
  EXPECT_THAT(row.count, ElementsAre(3, 2));
  EXPECT_EQ(row.min[0], 4);
  EXPECT_EQ(row.max[0], 4);
  EXPECT_TRUE(std::isnan(row.sum[0]));
  EXPECT_TRUE(std::isnan(row.last[0]));
  EXPECT_TRUE(std::isnan(row.min[1]));
  EXPECT_TRUE(std::isnan(row.max[1]));
}

TEST(DownsampleTest, KeepsTheStalenessMarkerThatIsTheLastOfItsBucket) {
  const TierRow row = FiveMinutes({{0, 1},
                                   {10, StaleMarker()},
                                   {20, 2},
                                   {30, StaleMarker()},
                                   {40, StaleMarker()},
                                   {310, StaleMarker()},
                                   {610, StaleMarker()},
                                   {620, 3}});
  EXPECT_THAT(row.last_millis, ElementsAre(At(20), At(620)));
  EXPECT_THAT(row.count, ElementsAre(2, 1));
  EXPECT_THAT(row.stale_millis, ElementsAre(At(40), At(310)));
}

TEST(DownsampleTest, IsEmptyWithoutSamples) {
  const TierRow row = FiveMinutes({{7, StaleMarker()}});
  EXPECT_EQ(row.size(), 0u);
  EXPECT_THAT(row.stale_millis, ElementsAre(At(7)));
  EXPECT_EQ(FiveMinutes({}).size(), 0u);
}

TEST(DownsampleTest, KeepsWhatACounterLostWhereTheLastValuesDoNotTell) {
  const TierRow row = FiveMinutes({{0, 10},
                                   {10, 15},
                                   {20, 2},  // From 15; the bucket ends above its first value.
                                   {30, 12},
                                   {300, 3},  // From 12, into the bucket: the last values tell.
                                   {310, 4},
                                   {600, 6},
                                   {610, 1},  // From 6, and the bucket ends lower than 4.
                                   {900, 2},
                                   {910, 0},  // From 2, then from 7.
                                   {920, 7},
                                   {930, 1}},
                                  MetricKind::kCounter);
  EXPECT_EQ(row.counter_resets, CounterResets::kKept);
  EXPECT_THAT(row.last, ElementsAre(12, 4, 1, 1));
  EXPECT_THAT(row.resets, ElementsAre(ResetLoss{0, 15}, ResetLoss{2, 6}, ResetLoss{3, 9}));
}

TEST(DownsampleTest, TakesForACounterWhatFallsInOneStepOfTwenty) {
  std::vector<std::pair<double, double>> samples;
  for (int i = 0; i <= 20; ++i) samples.push_back({i, i == 20 ? 0 : i});
  EXPECT_EQ(FiveMinutes(samples).counter_resets, CounterResets::kKept);
  samples.erase(samples.begin());
  EXPECT_EQ(FiveMinutes(samples).counter_resets, CounterResets::kNotKept);
  EXPECT_THAT(FiveMinutes(samples).resets, IsEmpty());
  EXPECT_EQ(FiveMinutes(samples, MetricKind::kCounter).counter_resets, CounterResets::kKept);
}

TEST(DownsampleTest, TakesNothingForACounterThatIsNegativeOrNotFinite) {
  for (const double value : {-1.0, kNan, std::numeric_limits<double>::infinity()}) {
    const TierRow row = FiveMinutes({{0, 1}, {1, value}, {2, 3}}, MetricKind::kCounter);
    EXPECT_EQ(row.counter_resets, CounterResets::kNotKept) << value;
  }
  EXPECT_EQ(FiveMinutes({{0, 1}, {1, StaleMarker()}, {2, 3}}).counter_resets, CounterResets::kKept);
}

TEST(DownsampleTest, KnowsCountersByTheirNames) {
  for (const char* name : {"a_total", "a_sum", "a_count", "a_bucket"}) {
    EXPECT_EQ(KindOf(Labels{{"__name__", name}}), MetricKind::kCounter) << name;
  }
  EXPECT_EQ(KindOf(Labels{{"__name__", "total"}}), MetricKind::kUnknown);
  EXPECT_EQ(KindOf(Labels{{"job", "a_total"}}), MetricKind::kUnknown);
}

// What a bucket is, from its samples one by one.
struct NaiveBucket {
  std::vector<Sample> samples;
  std::optional<int64_t> stale_millis;
};

std::map<int64_t, NaiveBucket> NaiveBuckets(const SampleColumns& samples, int64_t width) {
  std::map<int64_t, NaiveBucket> buckets;
  for (size_t i = 0; i < samples.size(); ++i) {
    NaiveBucket& bucket = buckets[samples.time_millis[i] / width];
    if (IsStaleMarker(samples.values[i])) {
      bucket.stale_millis = samples.time_millis[i];
    } else {
      bucket.stale_millis = std::nullopt;
      bucket.samples.push_back({samples.time_millis[i], samples.values[i]});
    }
  }
  return buckets;
}

void ExpectSame(double a, double b) {
  if (std::isnan(b)) {
    EXPECT_TRUE(std::isnan(a));
  } else {
    EXPECT_EQ(a, b);
  }
}

void CompareBucket(const TierRow& row, size_t i, const std::vector<Sample>& samples) {
  EXPECT_EQ(row.last_millis[i], samples.back().time_millis);
  EXPECT_EQ(row.count[i], static_cast<int64_t>(samples.size()));
  ExpectSame(row.last[i], samples.back().value);
  long double sum = 0;
  double min = kNan;
  double max = kNan;
  for (const Sample& sample : samples) {
    sum += sample.value;
    min = std::fmin(min, sample.value);
    max = std::fmax(max, sample.value);
  }
  ExpectSame(row.min[i], min);
  ExpectSame(row.max[i], max);
  if (std::isfinite(sum) && std::isfinite(row.sum[i])) {
    EXPECT_NEAR(row.sum[i], static_cast<double>(sum), std::abs(static_cast<double>(sum)) * 1e-14);
  } else if (std::isnan(sum)) {
    EXPECT_TRUE(std::isnan(row.sum[i]));
  }
}

TEST(DownsampleTest, AgreesWithBucketsFilledOneByOne) {
  for (const DayShape shape : kDayShapes) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      const SampleColumns samples = RandomDays(shape, seed).Make(kDay);
      for (const Resolution resolution : {Resolution::kFiveMinutes, Resolution::kOneHour}) {
        const TierRow row = Downsample(samples, resolution, MetricKind::kUnknown);
        size_t i = 0;
        std::vector<int64_t> stale;
        for (const auto& [at, bucket] : NaiveBuckets(samples, BucketMillis(resolution))) {
          if (bucket.stale_millis.has_value()) stale.push_back(*bucket.stale_millis);
          if (bucket.samples.empty()) continue;
          ASSERT_LT(i, row.size());
          CompareBucket(row, i++, bucket.samples);
        }
        EXPECT_EQ(i, row.size());
        EXPECT_EQ(row.stale_millis, stale);
      }
    }
  }
}

}  // namespace
}  // namespace ora::storage
