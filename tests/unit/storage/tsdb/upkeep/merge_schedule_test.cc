#include "storage/tsdb/upkeep/merge_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Day kToday = 20'000;

PartitionId Raw(Day day) { return {Resolution::kRaw, "default", day}; }

class MergeScheduleTest : public testing::Test {
 protected:
  std::vector<MergeTask> Due(std::vector<YoungPartition> partitions,
                             MergeOccasion occasion = MergeOccasion::kRoutine) {
    return schedule_.Due(partitions, occasion, kToday, now_);
  }

  MergeSchedule schedule_;
  absl::Duration now_ = absl::Hours(100);
};

TEST_F(MergeScheduleTest, WaitsForSixSealings) {
  EXPECT_THAT(Due({{Raw(kToday), 10, kSealingsBeforeMerge - 1}}), IsEmpty());
  EXPECT_THAT(Due({{Raw(kToday), 10, kSealingsBeforeMerge}}),
              ElementsAre(MergeTask{Raw(kToday), false}));
}

TEST_F(MergeScheduleTest, ADayThatIsOverIsMergedForGoodAfterSixSealingsToo) {
  EXPECT_THAT(Due({{Raw(kToday - 1), 10, kSealingsBeforeMerge}}),
              ElementsAre(MergeTask{Raw(kToday - 1), true}));
}

TEST_F(MergeScheduleTest, ADayThatIsOverIsClosedWhenItWasQuietForAnHour) {
  EXPECT_THAT(Due({{Raw(kToday - 1), 10, 1}}), IsEmpty());
  now_ += kQuietBeforeClosing - absl::Nanoseconds(1);
  EXPECT_THAT(Due({{Raw(kToday - 1), 10, 1}}), IsEmpty());
  now_ += absl::Nanoseconds(1);
  EXPECT_THAT(Due({{Raw(kToday - 1), 10, 1}}), ElementsAre(MergeTask{Raw(kToday - 1), true}));
}

TEST_F(MergeScheduleTest, WhatComesLateBeginsTheHourAnew) {
  EXPECT_THAT(Due({{Raw(kToday - 1), 10, 1}}), IsEmpty());
  now_ += kQuietBeforeClosing;
  EXPECT_THAT(Due({{Raw(kToday - 1), 11, 2}}), IsEmpty());
  now_ += kQuietBeforeClosing;
  EXPECT_THAT(Due({{Raw(kToday - 1), 11, 2}}), ElementsAre(MergeTask{Raw(kToday - 1), true}));
}

TEST_F(MergeScheduleTest, TodayIsNeverClosedByBeingQuiet) {
  EXPECT_THAT(Due({{Raw(kToday), 10, 1}}), IsEmpty());
  now_ += absl::Hours(5);
  EXPECT_THAT(Due({{Raw(kToday), 10, 1}}), IsEmpty());
}

TEST_F(MergeScheduleTest, MergesAllWhenIdleAndForGoodWhereTheDayIsOver) {
  EXPECT_THAT(Due({{Raw(kToday - 1), 10, 1}, {Raw(kToday), 10, 1}}, MergeOccasion::kIdle),
              ElementsAre(MergeTask{Raw(kToday - 1), true}, MergeTask{Raw(kToday), false}));
}

TEST_F(MergeScheduleTest, SettlesAllForGood) {
  EXPECT_THAT(Due({{Raw(kToday), 10, 1}}, MergeOccasion::kSettle),
              ElementsAre(MergeTask{Raw(kToday), true}));
}

}  // namespace
}  // namespace ora::storage
