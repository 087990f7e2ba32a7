#include "aggregator/promql/query_slots.h"

#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ora::promql {
namespace {

using testing::HasSubstr;

TEST(QuerySlotsTest, AClientRunsAsManyAsTheLimitAndNotOneMore) {
  QuerySlots slots({.client_max = 2, .all_max = 10});
  const auto first = slots.Enter("10.0.0.7");
  auto second = std::make_optional(slots.Enter("10.0.0.7"));
  ASSERT_TRUE(first.ok() && second->ok());
  const absl::Status third = slots.Enter("10.0.0.7").status();
  EXPECT_EQ(third.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(third.message(),
              HasSubstr("2 queries of client 10.0.0.7 run already, the limit is 2"));
  EXPECT_TRUE(slots.Enter("10.0.0.8").ok());
  second.reset();
  EXPECT_TRUE(slots.Enter("10.0.0.7").ok());
  EXPECT_EQ(slots.running(), 1u);
}

TEST(QuerySlotsTest, AllClientsTogetherRunAsManyAsTheLimit) {
  QuerySlots slots({.client_max = 2, .all_max = 2});
  auto first = std::make_optional(slots.Enter("a"));
  const auto second = slots.Enter("b");
  ASSERT_TRUE(first->ok() && second.ok());
  EXPECT_THAT(slots.Enter("c").status().message(),
              HasSubstr("2 queries run already, the limit is 2"));
  first.reset();
  EXPECT_TRUE(slots.Enter("c").ok());
}

TEST(QuerySlotsTest, ASlotThatIsMovedIsGivenBackOnce) {
  QuerySlots slots({});
  {
    auto slot = slots.Enter("a");
    ASSERT_TRUE(slot.ok());
    const QuerySlots::Slot moved = *std::move(slot);
    EXPECT_EQ(slots.running(), 1u);
  }
  EXPECT_EQ(slots.running(), 0u);
}

}  // namespace
}  // namespace ora::promql
