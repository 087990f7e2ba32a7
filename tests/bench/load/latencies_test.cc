#include "tests/bench/load/latencies.h"

#include <gtest/gtest.h>

namespace ora::bench {
namespace {

TEST(LatenciesTest, QuantilesAreRightToAPercent) {
  Latencies latencies;
  for (int millis = 1; millis <= 1'000; ++millis) latencies.Add(absl::Milliseconds(millis));
  EXPECT_EQ(latencies.count(), 1'000U);
  EXPECT_NEAR(absl::ToDoubleMilliseconds(latencies.Quantile(0.5)), 500, 6);
  EXPECT_NEAR(absl::ToDoubleMilliseconds(latencies.Quantile(0.99)), 990, 11);
}

TEST(LatenciesTest, NoneHaveNoQuantile) {
  EXPECT_EQ(Latencies().Quantile(0.5), absl::ZeroDuration());
}

TEST(LatenciesTest, MergingAddsThoseOfAnotherThread) {
  Latencies fast;
  Latencies slow;
  for (int i = 0; i < 90; ++i) fast.Add(absl::Milliseconds(1));
  for (int i = 0; i < 10; ++i) slow.Add(absl::Seconds(1));
  fast.Merge(slow);
  EXPECT_EQ(fast.count(), 100U);
  EXPECT_NEAR(absl::ToDoubleMilliseconds(fast.Quantile(0.9)), 1, 0.02);
  EXPECT_NEAR(absl::ToDoubleMilliseconds(fast.Quantile(0.91)), 1'000, 11);
}

TEST(LatenciesTest, TheExtremesFallIntoTheFirstAndTheLastBucket) {
  Latencies latencies;
  latencies.Add(absl::ZeroDuration());
  latencies.Add(absl::Hours(24));
  EXPECT_LT(latencies.Quantile(0.5), absl::Microseconds(2));
  EXPECT_GT(latencies.Quantile(1), absl::Minutes(1));
}

}  // namespace
}  // namespace ora::bench
