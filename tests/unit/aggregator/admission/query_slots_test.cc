#include "aggregator/admission/query_slots.h"

#include <optional>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_clock.h"

namespace ora::aggregator {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kNoWait = absl::ZeroDuration();

TEST(QuerySlotsTest, AClientRunsAsManyAsTheLimitAndNotOneMore) {
  fakes::ManualClock clock;
  QuerySlots slots({.client_max = 2, .all_max = 10}, clock);
  const auto first = slots.Enter("10.0.0.7", kNoWait);
  auto second = std::make_optional(slots.Enter("10.0.0.7", kNoWait));
  ASSERT_TRUE(first.ok() && second->ok());
  const absl::Status third = slots.Enter("10.0.0.7", kNoWait).status();
  EXPECT_EQ(third.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(
      third.message(),
      HasSubstr("2 queries of client 10.0.0.7 run already, query.concurrent_per_client_max is 2"));
  EXPECT_TRUE(slots.Enter("10.0.0.8", kNoWait).ok());
  second.reset();
  EXPECT_TRUE(slots.Enter("10.0.0.7", kNoWait).ok());
  EXPECT_EQ(slots.running(), 1u);
}

TEST(QuerySlotsTest, AllClientsTogetherRunAsManyAsTheLimit) {
  fakes::ManualClock clock;
  QuerySlots slots({.client_max = 2, .all_max = 2}, clock);
  auto first = std::make_optional(slots.Enter("a", kNoWait));
  const auto second = slots.Enter("b", kNoWait);
  ASSERT_TRUE(first->ok() && second.ok());
  EXPECT_THAT(slots.Enter("c", kNoWait).status().message(),
              HasSubstr("2 queries run already, query.concurrent_max is 2"));
  first.reset();
  EXPECT_TRUE(slots.Enter("c", kNoWait).ok());
}

TEST(QuerySlotsTest, WaitsAWhileForAnotherToEnd) {
  fakes::ManualClock clock;
  QuerySlots slots({.client_max = 1, .all_max = 2}, clock);
  auto first = std::make_optional(slots.Enter("a", kNoWait));
  absl::Status status;
  const auto enter = [&] { status = slots.Enter("a", absl::Seconds(5)).status(); };
  std::thread waiting(enter);
  EXPECT_TRUE(clock.AwaitWaiters(1));
  first.reset();
  waiting.join();
  EXPECT_TRUE(status.ok()) << status;
  const auto second = slots.Enter("a", kNoWait);
  ASSERT_TRUE(second.ok());
  std::thread in_vain(enter);
  EXPECT_TRUE(clock.AwaitWaiters(1));
  clock.Advance(absl::Seconds(6));
  in_vain.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
}

TEST(QuerySlotsTest, ASlotThatIsMovedIsGivenBackOnce) {
  fakes::ManualClock clock;
  QuerySlots slots({}, clock);
  {
    auto slot = slots.Enter("a", kNoWait);
    ASSERT_TRUE(slot.ok());
    const QuerySlots::Slot moved = *std::move(slot);
    EXPECT_EQ(slots.running(), 1u);
  }
  EXPECT_EQ(slots.running(), 0u);
}

}  // namespace
}  // namespace ora::aggregator
