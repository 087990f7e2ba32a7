#include "collector/ship/backoff.h"

#include <gtest/gtest.h>

namespace ora::collector {
namespace {

constexpr BackoffLimits kLimits{absl::Milliseconds(200), absl::Seconds(1)};

void ExpectHalfToAll(absl::Duration delay, absl::Duration of) {
  EXPECT_GE(delay, of / 2);
  EXPECT_LE(delay, of);
}

TEST(BackoffTest, DoublesToTheLongestAndBeginsAgainAfterAReset) {
  Backoff backoff(kLimits, 1);
  ExpectHalfToAll(backoff.Next(), absl::Milliseconds(200));
  ExpectHalfToAll(backoff.Next(), absl::Milliseconds(400));
  ExpectHalfToAll(backoff.Next(), absl::Milliseconds(800));
  ExpectHalfToAll(backoff.Next(), absl::Seconds(1));
  ExpectHalfToAll(backoff.Next(), absl::Seconds(1));
  backoff.Reset();
  ExpectHalfToAll(backoff.Next(), absl::Milliseconds(200));
}

TEST(BackoffTest, DiffersByItsSeedAlone) {
  EXPECT_EQ(Backoff(kLimits, 1).Next(), Backoff(kLimits, 1).Next());
  EXPECT_NE(Backoff(kLimits, 1).Next(), Backoff(kLimits, 2).Next());
}

}  // namespace
}  // namespace ora::collector
