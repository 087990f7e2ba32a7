#include "aggregator/server/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"
#include "storage/env/real_clock.h"

namespace ora::aggregator {
namespace {

TEST(WorkerPoolTest, DoesWhatWaitsBeforeItStops) {
  storage::RealClock clock;
  WorkerPool pool({.threads = 2, .queue_max = 100}, clock);
  std::atomic<int> done{0};
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(pool.Submit([&done] { ++done; }).ok());
  pool.Stop();
  EXPECT_EQ(done, 100);
}

TEST(WorkerPoolTest, RefusesWorkPastItsQueue) {
  storage::RealClock clock;
  WorkerPool pool({.threads = 1, .queue_max = 2}, clock);
  absl::Notification started;
  absl::Notification release;
  ASSERT_TRUE(pool.Submit([&] {
                    started.Notify();
                    release.WaitForNotification();
                  })
                  .ok());
  started.WaitForNotification();
  EXPECT_TRUE(pool.Submit([] {}).ok());
  EXPECT_TRUE(pool.Submit([] {}).ok());
  EXPECT_EQ(pool.Submit([] {}).code(), absl::StatusCode::kResourceExhausted);
  release.Notify();
}

TEST(WorkerPoolTest, RefusesWorkAfterItStopped) {
  storage::RealClock clock;
  WorkerPool pool({}, clock);
  pool.Stop();
  EXPECT_EQ(pool.Submit([] {}).code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace ora::aggregator
