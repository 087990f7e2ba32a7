#include "storage/tsdb/partitions/merge_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

MergeRow Young(uint32_t first, uint32_t last, uint64_t samples) {
  return {first, last, samples, RowAge::kYoung};
}
MergeRow Merged(uint32_t first, uint32_t last, uint64_t samples) {
  return {first, last, samples, RowAge::kMerged};
}

std::vector<MergeGroup> Plan(const std::vector<MergeRow>& rows,
                             const MergePolicy& policy = kGrowingDayPolicy) {
  return PlanMerge(rows, policy);
}

TEST(MergePlanTest, NothingIsPlannedForNothing) { EXPECT_THAT(Plan({}), IsEmpty()); }

TEST(MergePlanTest, YoungRowsInARowBecomeOne) {
  EXPECT_THAT(Plan({Young(0, 9, 180), Young(10, 19, 180), Young(20, 29, 180)}),
              ElementsAre(ElementsAre(0, 1, 2)));
}

TEST(MergePlanTest, AYoungRowAloneIsCodedAnew) {
  EXPECT_THAT(Plan({Young(0, 9, 8640)}), ElementsAre(ElementsAre(0)));
}

TEST(MergePlanTest, AMergedRowAloneStaysAsItIs) { EXPECT_THAT(Plan({Merged(0, 9, 5)}), IsEmpty()); }

TEST(MergePlanTest, ALongMergedRowIsLeftAlone) {
  const std::vector<MergeRow> rows = {Merged(0, 9, 1024), Young(10, 19, 1024), Young(20, 29, 1)};
  EXPECT_THAT(Plan(rows), ElementsAre(ElementsAre(1, 2)));
}

TEST(MergePlanTest, AMergedRowIsTakenWhenTheRestIsAsLong) {
  EXPECT_THAT(Plan({Merged(0, 9, 1023), Young(10, 19, 1023)}), ElementsAre(ElementsAre(0, 1)));
  EXPECT_THAT(Plan({Merged(0, 9, 1023), Young(10, 19, 1022)}), ElementsAre(ElementsAre(1)));
}

TEST(MergePlanTest, AMergedRowInTheMiddleDividesWhatIsShorter) {
  EXPECT_THAT(Plan({Young(0, 9, 10), Merged(10, 19, 500), Young(20, 29, 10)}),
              ElementsAre(ElementsAre(0), ElementsAre(2)));
}

TEST(MergePlanTest, AClosedDayBecomesOneRowFromItsMergedOnes) {
  std::vector<MergeRow> rows;
  for (uint32_t i = 0; i < 8; ++i) rows.push_back(Merged(i * 10, i * 10 + 9, 1080));
  EXPECT_THAT(Plan(rows, kGrowingDayPolicy), IsEmpty());
  EXPECT_THAT(Plan(rows, kClosedDayPolicy), ElementsAre(ElementsAre(0, 1, 2, 3, 4, 5, 6, 7)));
}

TEST(MergePlanTest, ARowIsFilledToItsLimitAndNotOneOver) {
  const uint64_t half = kChunkRowSamplesMax / 2;
  EXPECT_THAT(Plan({Young(0, 9, half), Young(10, 19, half)}), ElementsAre(ElementsAre(0, 1)));
  EXPECT_THAT(Plan({Young(0, 9, half), Young(10, 19, half + 1)}),
              ElementsAre(ElementsAre(0), ElementsAre(1)));
}

TEST(MergePlanTest, RowsThatOverlapAreMergedHoweverLong) {
  EXPECT_THAT(Plan({Merged(0, 50, 16'000), Merged(60, 90, 16'000), Young(40, 45, 1)}),
              testing::Not(IsEmpty()));
  EXPECT_THAT(Plan({Merged(0, 50, 16'000), Young(40, 45, 1), Merged(60, 90, 16'000)}),
              ElementsAre(ElementsAre(0, 1)));
}

TEST(MergePlanTest, WhatOverlapsThroughAnotherGoesAlong) {
  // The second reaches over the third, which ends before the fourth begins.
  EXPECT_THAT(Plan({Merged(0, 10, 5000), Young(5, 40, 10), Merged(20, 25, 5000),
                    Merged(40, 50, 5000), Merged(51, 60, 5000)}),
              ElementsAre(ElementsAre(0, 1, 2, 3)));
}

TEST(MergePlanTest, RowsThatShareAMillisecondOverlap) {
  EXPECT_THAT(Plan({Merged(0, 10, 5000), Young(10, 12, 5)}), ElementsAre(ElementsAre(0, 1)));
  EXPECT_THAT(Plan({Merged(0, 10, 5000), Young(11, 12, 5)}), ElementsAre(ElementsAre(1)));
}

TEST(MergePlanTest, OverlappingRowsPastTheLimitOfMemoryAreLeft) {
  MergePolicy policy;
  policy.group_samples_max = 100;
  EXPECT_THAT(Plan({Young(0, 50, 60), Young(10, 20, 40)}, policy), ElementsAre(ElementsAre(0, 1)));
  EXPECT_THAT(Plan({Young(0, 50, 60), Young(10, 20, 41), Young(60, 70, 5)}, policy),
              ElementsAre(ElementsAre(2)));
}

// Rows as a live series makes them: how often is a sample coded?
TEST(MergePlanTest, ASampleIsCodedAFewTimesADayAtMost) {
  constexpr uint32_t kSealings = 48;
  constexpr uint64_t kSamplesEach = 30;  // One a minute.
  std::vector<MergeRow> rows;
  uint64_t coded = 0;
  const auto merge = [&](const MergePolicy& policy) {
    std::vector<MergeRow> after;
    size_t next = 0;
    for (const MergeGroup& group : Plan(rows, policy)) {
      while (next < group.front()) after.push_back(rows[next++]);
      MergeRow merged = rows[group.front()];
      merged.samples = 0;
      merged.age = RowAge::kMerged;
      for (const size_t at : group) merged.samples += rows[at].samples;
      merged.last_offset_millis = rows[group.back()].last_offset_millis;
      coded += merged.samples;
      next = group.back() + 1;
      after.push_back(merged);
    }
    while (next < rows.size()) after.push_back(rows[next++]);
    rows = after;
  };
  for (uint32_t i = 0; i < kSealings; ++i) {
    rows.push_back(Young(i * 10, i * 10 + 9, kSamplesEach));
    if (i % 6 == 5) merge(kGrowingDayPolicy);
  }
  merge(kClosedDayPolicy);
  EXPECT_EQ(rows.size(), 1u);
  EXPECT_LE(coded, 5 * kSealings * kSamplesEach);
}

}  // namespace
}  // namespace ora::storage
