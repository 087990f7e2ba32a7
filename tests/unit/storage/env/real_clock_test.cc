#include "storage/env/real_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace ora::storage {
namespace {

TEST(RealClockTest, MonotonicTimeNeverGoesBack) {
  RealClock clock;
  absl::Duration last = clock.Monotonic();
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration now = clock.Monotonic();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(RealClockTest, AwaitEndsWhenTheConditionHolds) {
  RealClock clock;
  absl::Mutex mutex;
  bool ready = false;
  std::thread thread([&] {
    absl::MutexLock lock(&mutex);
    ready = true;
  });
  {
    absl::MutexLock lock(&mutex);
    EXPECT_TRUE(clock.Await(mutex, absl::Condition(&ready), absl::InfiniteDuration()));
  }
  thread.join();
}

TEST(RealClockTest, AwaitGivesUpAtItsLimit) {
  RealClock clock;
  absl::Mutex mutex;
  bool ready = false;
  absl::MutexLock lock(&mutex);
  const absl::Duration before = clock.Monotonic();
  EXPECT_FALSE(clock.Await(mutex, absl::Condition(&ready), absl::Milliseconds(5)));
  EXPECT_GE(clock.Monotonic() - before, absl::Milliseconds(5));
}

}  // namespace
}  // namespace ora::storage
