#include "tests/bench/workload/w1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ora::bench {
namespace {

using ::testing::SizeIs;

std::vector<double> NextOf(W1Host& host) {
  std::vector<double> values(host.series_count());
  host.Next(absl::MakeSpan(values));
  return values;
}

std::map<SeriesKind, int> KindsOf(uint32_t series_per_host) {
  const NormalQuantiles quantiles;
  const W1Host host({.series_per_host = series_per_host}, 0, quantiles);
  std::map<SeriesKind, int> kinds;
  for (size_t series = 0; series < host.series_count(); ++series) ++kinds[host.kind(series)];
  return kinds;
}

TEST(W1Test, OneSeedGivesTheSameValuesAndAnotherGivesOthers) {
  const NormalQuantiles quantiles;
  W1Host one({.seed = 1}, 7, quantiles);
  W1Host same({.seed = 1}, 7, quantiles);
  W1Host other({.seed = 2}, 7, quantiles);
  W1Host neighbour({.seed = 1}, 8, quantiles);
  for (int step = 0; step < 100; ++step) {
    const std::vector<double> values = NextOf(one);
    EXPECT_EQ(values, NextOf(same));
    EXPECT_NE(values, NextOf(other));
    EXPECT_NE(values, NextOf(neighbour));
  }
}

TEST(W1Test, TheKindsKeepTheirSharesForOtherNumbersOfSeries) {
  EXPECT_EQ(KindsOf(101), (std::map<SeriesKind, int>{{SeriesKind::kCounter, 44},
                                                     {SeriesKind::kIntegerGauge, 21},
                                                     {SeriesKind::kLargeGauge, 14},
                                                     {SeriesKind::kDecimalGauge, 12},
                                                     {SeriesKind::kByteCounter, 5},
                                                     {SeriesKind::kConstant, 5}}));
  EXPECT_EQ(KindsOf(20), (std::map<SeriesKind, int>{{SeriesKind::kCounter, 9},
                                                    {SeriesKind::kIntegerGauge, 4},
                                                    {SeriesKind::kLargeGauge, 3},
                                                    {SeriesKind::kDecimalGauge, 2},
                                                    {SeriesKind::kByteCounter, 1},
                                                    {SeriesKind::kConstant, 1}}));
  for (const auto& [kind, count] : KindsOf(101)) {
    EXPECT_NEAR(KindsOf(1'000)[kind], count * 1'000 / 101.0, 1.0);
  }
}

TEST(W1Test, EverySeriesHasItsOwnSortedLabelsWithTenTags) {
  const NormalQuantiles quantiles;
  const W1Host host({.series_per_host = 101}, 3, quantiles);
  std::set<std::vector<W1Label>> all;
  for (size_t series = 0; series < host.series_count(); ++series) {
    std::vector<W1Label> labels = host.LabelsOf(series);
    EXPECT_THAT(labels, SizeIs(11));
    EXPECT_EQ(labels.front().first, "__name__");
    EXPECT_TRUE(std::is_sorted(labels.begin(), labels.end()));
    all.insert(std::move(labels));
  }
  EXPECT_THAT(all, SizeIs(101));
  const W1Host large({.series_per_host = 1'000}, 3, quantiles);
  for (size_t series = 101; series < large.series_count(); ++series) {
    EXPECT_TRUE(all.insert(large.LabelsOf(series)).second);
  }
}

TEST(W1Test, GaugesStayInTheirRangeAndCountersNeverGoBack) {
  const NormalQuantiles quantiles;
  W1Host host({}, 0, quantiles);
  std::vector<double> before = NextOf(host);
  for (int step = 0; step < 10'000; ++step) {
    const std::vector<double> values = NextOf(host);
    for (size_t i = 0; i < values.size(); ++i) {
      switch (host.kind(i)) {
        case SeriesKind::kIntegerGauge:
        case SeriesKind::kDecimalGauge:
          ASSERT_GE(values[i], 0);
          ASSERT_LE(values[i], 100);
          break;
        case SeriesKind::kCounter:
        case SeriesKind::kByteCounter:
          ASSERT_GE(values[i], before[i]);
          break;
        case SeriesKind::kConstant:
          ASSERT_EQ(values[i], before[i]);
          break;
        case SeriesKind::kLargeGauge:
          ASSERT_EQ(std::fmod(values[i], 4096), 0);
          break;
      }
    }
    before = values;
  }
}

TEST(W1Test, ACountersStepsAreNormal) {
  const NormalQuantiles quantiles;
  W1Host host({.series_per_host = 1}, 0, quantiles);
  ASSERT_EQ(host.kind(0), SeriesKind::kIntegerGauge);  // The middle one of all.
  W1Host counters({}, 0, quantiles);
  constexpr int kSteps = 20'000;
  double before = NextOf(counters)[0];
  double sum = 0;
  double squares = 0;
  for (int step = 0; step < kSteps; ++step) {
    const double value = NextOf(counters)[0];
    sum += value - before;
    squares += (value - before) * (value - before);
    before = value;
  }
  EXPECT_NEAR(sum / kSteps, 50, 0.5);
  EXPECT_NEAR(std::sqrt(squares / kSteps - sum / kSteps * (sum / kSteps)), 10, 0.3);
}

TEST(W1Test, ChurnRenamesTheShareOfSeriesThatItSays) {
  const NormalQuantiles quantiles;
  W1Host host({.churn_an_hour = 0.5}, 0, quantiles);
  size_t renamed = 0;
  constexpr int kStepsAnHour = 360;
  for (int step = 0; step < kStepsAnHour; ++step) {
    NextOf(host);
    renamed += host.renamed().size();
    for (const uint32_t series : host.renamed()) {
      EXPECT_THAT(host.LabelsOf(series), testing::Contains(W1Label{"run", "1"}));
    }
  }
  EXPECT_NEAR(static_cast<double>(renamed), 50.5, 1);
}

TEST(W1Test, TheHostsOfAFleetAreSpreadOverTheStep) {
  const W1Options options;
  EXPECT_EQ(W1OffsetMillis(options, 0, 100, 0), 0);
  EXPECT_EQ(W1OffsetMillis(options, 50, 100, 0), 5'000);
  EXPECT_EQ(W1OffsetMillis(options, 50, 100, 3), 35'000);
}

}  // namespace
}  // namespace ora::bench
