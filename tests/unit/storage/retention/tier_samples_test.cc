#include "storage/retention/tier_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "storage/retention/downsample.h"
#include "tests/unit/storage/retention/random_day.h"

namespace ora::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Day kDay = 20'000;

SampleColumns Samples(const std::vector<std::pair<double, double>>& samples) {
  SampleColumns columns;
  for (const auto& [second, value] : samples) {
    columns.time_millis.push_back(StartOf(kDay) + static_cast<int64_t>(second * 1'000));
    columns.values.push_back(value);
  }
  return columns;
}

SampleColumns Read(const SampleColumns& samples, TierColumn column,
                   Resolution resolution = Resolution::kFiveMinutes) {
  SampleColumns read;
  AppendTierSamples(Downsample(samples, resolution, MetricKind::kCounter), column, read);
  return read;
}

bool Ascends(const std::vector<int64_t>& times) {
  return std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end();
}

// How much a counter has grown since its first sample, by the times of samples.
std::map<int64_t, double> Growth(const SampleColumns& samples) {
  std::map<int64_t, double> growth;
  double grown = 0;
  double before = std::numeric_limits<double>::quiet_NaN();
  for (size_t i = 0; i < samples.size(); ++i) {
    const double value = samples.values[i];
    if (IsStaleMarker(value)) continue;
    if (!std::isnan(before)) grown += value < before ? value : value - before;
    before = value;
    growth[samples.time_millis[i]] = grown;
  }
  return growth;
}

// The times of the last samples of buckets, where a reading must agree with all samples.
std::vector<int64_t> EndsOfBuckets(const SampleColumns& samples, Resolution resolution) {
  return Downsample(samples, resolution, MetricKind::kCounter).last_millis;
}

// At `ends` as much has been added as in all samples.
void ExpectSameGrowth(const SampleColumns& read, const SampleColumns& all,
                      const std::vector<int64_t>& ends, double tolerance = 0) {
  ASSERT_TRUE(Ascends(read.time_millis));
  const std::map<int64_t, double> expected = Growth(all);
  const std::map<int64_t, double> seen = Growth(read);
  for (const int64_t end : ends) {
    ASSERT_TRUE(seen.contains(end));
    ASSERT_NEAR(seen.at(end), expected.at(end), tolerance);
  }
}

TEST(TierSamplesTest, ReadsTheColumnThatTheFunctionAsksFor) {
  const SampleColumns samples = Samples({{0, 5}, {10, 3}, {20, 4}, {300, 8}, {310, 10}});
  EXPECT_THAT(Read(samples, ColumnFor("max_over_time")).values, ElementsAre(5, 10));
  EXPECT_THAT(Read(samples, ColumnFor("min_over_time")).values, ElementsAre(3, 8));
  EXPECT_THAT(Read(samples, ColumnFor("sum_over_time")).values, ElementsAre(12, 18));
  EXPECT_THAT(Read(samples, ColumnFor("avg_over_time")).values, ElementsAre(4, 9));
  for (const char* function : {"", "sum", "count_over_time", "delta", "max"}) {
    EXPECT_THAT(Read(samples, ColumnFor(function)).values, ElementsAre(4, 10)) << function;
    EXPECT_THAT(Read(samples, ColumnFor(function)).time_millis,
                ElementsAre(StartOf(kDay) + 20'000, StartOf(kDay) + 310'000));
  }
  for (const char* function : {"rate", "increase", "irate", "resets"}) {
    EXPECT_EQ(ColumnFor(function), TierColumn::kCounter) << function;
  }
}

TEST(TierSamplesTest, ShowsResetsOfACounterInTheBucketsThatHadThem) {
  const SampleColumns read =
      Read(Samples({{1, 10}, {10, 15}, {20, 2}, {30, 18}, {300, 3}, {310, 9}, {320, 1}}),
           TierColumn::kCounter);
  const int64_t start = StartOf(kDay);
  EXPECT_THAT(read.values, ElementsAre(10, 15, 0, 18, 27, 1));
  EXPECT_THAT(read.time_millis, ElementsAre(start + 1'000, start + 15'500, start + 15'501,
                                            start + 30'000, start + 300'000, start + 320'000));
}

TEST(TierSamplesTest, ShowsHalfTheWayOfACounter) {
  const SampleColumns read =
      Read(Samples({{0, 10}, {290, 20}, {590, 50}, {600, 51}, {890, 40}, {1'500, 60}}),
           TierColumn::kCounter);
  EXPECT_THAT(read.values, ElementsAre(10, 15, 20, 35, 50, 51, 40, 60));
  const int64_t start = StartOf(kDay);
  EXPECT_EQ(read.time_millis[1], start + 145'000);
  EXPECT_EQ(read.time_millis[3], start + 440'000);
  const SampleColumns ended =
      Read(Samples({{0, 1}, {10, StaleMarker()}, {300, 3}, {310, 4}}), TierColumn::kCounter);
  EXPECT_EQ(ended.size(), 3u);
}

// A rate over five minutes, as dashboards ask for it, needs two samples in each window.
TEST(TierSamplesTest, GivesTwoSamplesOfACounterToAnyWindowOfABucketsWidth) {
  SampleColumns samples;
  for (int64_t offset = 0; offset < kDayMillis; offset += 10'000) {
    samples.time_millis.push_back(StartOf(kDay) + offset);
    samples.values.push_back(static_cast<double>(offset));
  }
  const SampleColumns read = Read(samples, TierColumn::kCounter);
  for (int64_t end = StartOf(kDay) + 300'000; end < StartOf(kDay + 1); end += 1'000) {
    const auto& times = read.time_millis;
    const auto in_window = std::upper_bound(times.begin(), times.end(), end) -
                           std::upper_bound(times.begin(), times.end(), end - 300'000);
    ASSERT_GE(in_window, 2) << end;
  }
}

TEST(TierSamplesTest, KeepsStalenessMarkersInTheirPlaces) {
  const SampleColumns samples =
      Samples({{0, 5}, {10, StaleMarker()}, {310, StaleMarker()}, {600, 7}, {900, StaleMarker()}});
  for (const TierColumn column : {TierColumn::kLast, TierColumn::kCounter, TierColumn::kSum}) {
    const SampleColumns read = Read(samples, column);
    EXPECT_EQ(read.time_millis, samples.time_millis);
    ASSERT_EQ(read.size(), 5u);
    for (const size_t i : {1, 2, 4}) EXPECT_TRUE(IsStaleMarker(read.values[i])) << i;
  }
}

// Two buckets of up to six samples, a millisecond apart, on both sides of a bucket's start: each
// way in which few values can rise and fall.
TEST(TierSamplesTest, GivesTheIncreaseOfEveryOrderOfFewValues) {
  constexpr int kSamples = 6;
  constexpr int kValues = 4;
  for (int boundary = 0; boundary <= kSamples; ++boundary) {
    int combinations = 1;
    for (int i = 0; i < kSamples; ++i) combinations *= kValues;
    for (int combination = 0; combination < combinations; ++combination) {
      SampleColumns samples;
      int rest = combination;
      for (int i = 0; i < kSamples; ++i, rest /= kValues) {
        samples.time_millis.push_back(StartOf(kDay) + 300'000 + i - boundary);
        samples.values.push_back(rest % kValues);
      }
      const std::vector<int64_t> ends = EndsOfBuckets(samples, Resolution::kFiveMinutes);
      ASSERT_NO_FATAL_FAILURE(ExpectSameGrowth(Read(samples, TierColumn::kCounter), samples, ends))
          << combination << " at " << boundary;
    }
  }
}

// One series over days that are raw, or of either tier, in any order.
TEST(TierSamplesTest, GivesTheIncreaseAcrossResetsDaysTiersAndRawSamples) {
  for (const DayShape shape : {DayShape::kCounter, DayShape::kConstant}) {
    for (uint64_t seed = 1; seed <= 60; ++seed) {
      RandomDays days(shape, seed);
      std::mt19937_64 random(seed);
      SampleColumns all;
      SampleColumns read;
      std::vector<int64_t> ends;
      for (Day day = kDay; day < kDay + 4; ++day) {
        const SampleColumns samples = days.Make(day);
        const auto append = [&](SampleColumns& to) {
          to.time_millis.insert(to.time_millis.end(), samples.time_millis.begin(),
                                samples.time_millis.end());
          to.values.insert(to.values.end(), samples.values.begin(), samples.values.end());
        };
        append(all);
        if (random() % 3 == 0) {
          append(read);
          for (const auto& [time, grown] : Growth(samples)) ends.push_back(time);
          continue;
        }
        const Resolution resolution =
            random() % 2 == 0 ? Resolution::kFiveMinutes : Resolution::kOneHour;
        const TierRow row = Downsample(samples, resolution, MetricKind::kCounter);
        ends.insert(ends.end(), row.last_millis.begin(), row.last_millis.end());
        AppendTierSamples(DecodeTierRow(EncodeTierRow(row, day), day).value(), TierColumn::kCounter,
                          read);
      }
      ASSERT_NO_FATAL_FAILURE(ExpectSameGrowth(read, all, ends)) << seed;
    }
  }
}

TEST(TierSamplesTest, GivesTheIncreaseOfSecondsWithDecimalsNearly) {
  std::mt19937_64 random(1);
  SampleColumns samples;
  double value = 0;
  for (int64_t offset = 0; offset < kDayMillis; offset += 10'000) {
    value = random() % 100 == 0 ? 0 : value + static_cast<double>(random() % 1'000) / 977;
    samples.time_millis.push_back(StartOf(kDay) + offset);
    samples.values.push_back(value);
  }
  ExpectSameGrowth(Read(samples, TierColumn::kCounter), samples,
                   EndsOfBuckets(samples, Resolution::kFiveMinutes), 1e-6);
}

TEST(TierSamplesTest, WarnsOfWhatWasRead) {
  const TierUse use{Resolution::kOneHour, StartOf(kDay)};
  EXPECT_EQ(TierWarning("max_over_time", use),
            "downsampled: before 2024-10-04T00:00:00Z there is the maximum of each 1h in place of "
            "samples");
  EXPECT_THAT(TierWarning("", {}), HasSubstr("the last value of each 5m"));
  EXPECT_THAT(TierWarning("increase", use), Not(HasSubstr("exact")));
  for (const char* function : {"count_over_time", "quantile_over_time", "changes", "deriv"}) {
    EXPECT_THAT(TierWarning(function, use), HasSubstr("; it is not exact")) << function;
  }
  EXPECT_THAT(TierWarning("last_over_time", use), Not(HasSubstr("exact")));
  EXPECT_THAT(TierWarning("avg_over_time", use), HasSubstr("as many samples"));
}

}  // namespace
}  // namespace ora::storage
