#include "collector/ship/refusals.h"

#include <gtest/gtest.h>

namespace ora::collector {
namespace {

using Verdict = Refusals::Verdict;

TEST(RefusalsTest, SuspectsAllThatWereUnderWayUntilOneIsRefusedAlone) {
  Refusals refusals;
  EXPECT_FALSE(refusals.Suspected(1));
  EXPECT_EQ(refusals.Refuse(4, 9), Verdict::kSuspected);
  EXPECT_TRUE(refusals.Suspected(9));
  EXPECT_FALSE(refusals.Suspected(10));
  EXPECT_EQ(refusals.Refuse(5, 5), Verdict::kRefused);
  EXPECT_EQ(refusals.Refuse(5, 5), Verdict::kRefused);
  EXPECT_EQ(refusals.Refuse(5, 5), Verdict::kGivenUp);
  EXPECT_EQ(refusals.given_up().count(5), 1u);
}

TEST(RefusalsTest, CountsTheRefusalsOfEachBatchApart) {
  Refusals refusals;
  refusals.Refuse(1, 1);
  refusals.Refuse(1, 1);
  EXPECT_EQ(refusals.Refuse(2, 2), Verdict::kRefused);
}

TEST(RefusalsTest, ForgetsWhatIsDurable) {
  Refusals refusals;
  refusals.GiveUp(3);
  refusals.GiveUp(4);
  refusals.Forget(3);
  EXPECT_EQ(refusals.given_up().count(3), 0u);
  EXPECT_EQ(refusals.given_up().count(4), 1u);
}

}  // namespace
}  // namespace ora::collector
