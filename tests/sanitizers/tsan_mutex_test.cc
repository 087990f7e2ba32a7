// The thread sanitizer's view of absl::Mutex: what is guarded by one is no race, in any way of
// waiting.
#include <gtest/gtest.h>

#include <thread>

#include "absl/synchronization/mutex.h"

namespace ora {
namespace {

struct Guarded {
  absl::Mutex mutex;
  int value ABSL_GUARDED_BY(mutex) = 0;
  bool done ABSL_GUARDED_BY(mutex) = false;
};

void CountTo(int limit, Guarded& guarded) {
  for (int i = 0; i < limit; ++i) {
    absl::MutexLock lock(&guarded.mutex);
    ++guarded.value;
  }
  absl::MutexLock lock(&guarded.mutex);
  guarded.done = true;
}

TEST(TsanMutexTest, GuardsByLock) {
  Guarded guarded;
  std::thread thread([&guarded] { CountTo(1000, guarded); });
  CountTo(1000, guarded);
  thread.join();
  absl::MutexLock lock(&guarded.mutex);
  EXPECT_EQ(guarded.value, 2000);
}

TEST(TsanMutexTest, GuardsAcrossEveryWait) {
  Guarded guarded;
  std::thread thread([&guarded] { CountTo(1000, guarded); });
  {
    absl::MutexLock lock(&guarded.mutex, absl::Condition(&guarded.done));
    ++guarded.value;
  }
  {
    absl::MutexLock lock(&guarded.mutex);
    guarded.mutex.Await(absl::Condition(&guarded.done));
    EXPECT_TRUE(guarded.mutex.AwaitWithTimeout(absl::Condition(&guarded.done), absl::Seconds(1)));
    ++guarded.value;
    guarded.done = false;
    EXPECT_FALSE(
        guarded.mutex.AwaitWithTimeout(absl::Condition(&guarded.done), absl::Milliseconds(2)));
    EXPECT_EQ(guarded.value, 1002);
  }
  thread.join();
}

}  // namespace
}  // namespace ora
