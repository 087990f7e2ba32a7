// Series that go: deleted by matcher, or forgotten when nothing of theirs is left.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kDay = 86'400;

class DeletionTest : public StoreTest {
 protected:
  void SetUp() override {
    options_.retention = {.raw = absl::Hours(48)};
    StoreTest::SetUp();
  }

  uint64_t Delete(absl::string_view metric) {
    const auto deleted = store_->DeleteSeries({Matcher::Equal("__name__", metric)});
    EXPECT_TRUE(deleted.ok()) << deleted.status();
    return deleted.ok() ? deleted->series : 0;
  }
};

TEST_F(DeletionTest, TakesOpenSealedAndMergedSamplesAndLeavesOtherSeries) {
  for (const absl::string_view metric : {"gone", "kept"}) Append(Series(metric), {{-40, 1}});
  ASSERT_TRUE(store_->Settle().ok());
  for (const absl::string_view metric : {"gone", "kept"}) Append(Series(metric), {{-30, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  for (const absl::string_view metric : {"gone", "kept"}) Append(Series(metric), {{-20, 3}});
  EXPECT_EQ(Delete("gone"), 1u);
  const Points kept = {{-40, 1}, {-30, 2}, {-20, 3}};
  EXPECT_THAT(Read("gone"), IsEmpty());
  EXPECT_EQ(Read("kept"), kept);
  EXPECT_EQ(Select({}, -100, 0)->series_count(), 1u);
  EXPECT_EQ(store_->Statistics().samples_sealed, 3u);
  ReopenCopy();
  EXPECT_THAT(Read("gone"), IsEmpty());
  EXPECT_EQ(Read("kept"), kept);
  EXPECT_EQ(store_->Statistics().samples_sealed, 3u);
  EXPECT_EQ(store_->Statistics().damaged_records, 0u);
}

TEST_F(DeletionTest, TakesTheTiersToo) {
  Append(Series("load"), {{-kDay, 1}});
  ASSERT_TRUE(store_->Settle().ok());
  clock_.Advance(absl::Hours(24 * 3));
  ASSERT_TRUE(store_->ExpireOld().ok());
  ASSERT_EQ(Read("load").size(), 1u);
  EXPECT_EQ(Delete("load"), 1u);
  Append(Series("load"), {{3 * kDay, 2}});
  EXPECT_EQ(Read("load"), (Points{{3 * kDay, 2}}));
}

TEST_F(DeletionTest, ANewSeriesOfTheSameLabelsHasNothingOfTheOld) {
  Append(Series("up"), {{-40, 1}});
  const SeriesRef before = Intern(Series("up"));
  EXPECT_EQ(Delete("up"), 1u);
  Append(Series("up"), {{-30, 2}});
  EXPECT_NE(Intern(Series("up")), before);
  EXPECT_EQ(Read("up"), (Points{{-30, 2}}));
  Reopen();
  EXPECT_EQ(Read("up"), (Points{{-30, 2}}));
}

TEST_F(DeletionTest, ABatchThatNamesADeletedSeriesMustBeginAnew) {
  WriteBatch batch = Batch(Series("up"), {{-40, 1}});
  ASSERT_TRUE(Store(batch).ok());
  EXPECT_EQ(Delete("up"), 1u);
  EXPECT_EQ(Store(batch).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(DeletionTest, RefusesToDeleteEverything) {
  Append(Series("up"), {{-40, 1}});
  EXPECT_EQ(store_->DeleteSeries({}).status().code(), absl::StatusCode::kInvalidArgument);
  const auto any = store_->DeleteSeries({*Matcher::Make("job", MatchType::kRegex, ".*")});
  EXPECT_EQ(any.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(any.status().message()), HasSubstr("refuses the empty value"));
  EXPECT_EQ(Read("up").size(), 1u);
}

TEST_F(DeletionTest, ACursorReadsOnInASeriesThatIsDeleted) {
  Append(Series("up"), {{-40, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-30, 2}});
  const auto cursor = Select({}, -100, 0);
  EXPECT_EQ(Delete("up"), 1u);
  ASSERT_TRUE(cursor->Next());
  EXPECT_EQ(cursor->labels(), Series("up"));
  EXPECT_EQ(ReadAll(*cursor), (Points{{-40, 1}, {-30, 2}}));
}

// Run under the thread sanitizer too.
TEST_F(DeletionTest, ASeriesThatIsDeletedWhileItIsSelectedIsSeenWholeOrNotAtAll) {
  constexpr int kSeries = 20;
  const Points all = {{-kDay, 1}, {-40, 2}, {-30, 3}, {-20, 4}};
  const auto append = [&](size_t point) {
    for (int i = 0; i < kSeries; ++i) Append(Series(absl::StrCat("m", i)), {all[point]});
  };
  append(0);
  append(1);
  ASSERT_TRUE(store_->Settle().ok());
  append(2);
  ASSERT_TRUE(store_->Seal().ok());
  append(3);
  std::atomic<bool> done = false;
  std::thread deleting([&] {
    for (int i = 0; i < kSeries; ++i) EXPECT_EQ(Delete(absl::StrCat("m", i)), 1u);
    done = true;
  });
  while (!done) {
    const auto cursor = Select({}, -2 * kDay, 0);
    while (cursor->Next()) {
      const Points points = ReadAll(*cursor);
      EXPECT_TRUE(points.empty() || points == all) << cursor->labels().ToString();
    }
  }
  deleting.join();
  EXPECT_EQ(Select({}, -2 * kDay, 0)->series_count(), 0u);
}

TEST_F(DeletionTest, ForgetsASeriesWhoseLastSampleExpired) {
  options_.retention = {.raw = absl::Hours(48), .five_minutes = {}, .one_hour = {}};
  Reopen();
  Append(Series("old"), {{-30, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  const SeriesRef before = Intern(Series("old"));
  clock_.Advance(absl::Hours(24 * 3));
  Append(Series("new"), {{3 * kDay - 30, 1}});
  ASSERT_TRUE(store_->ExpireOld().ok());
  EXPECT_EQ(store_->Statistics().series, 1u);
  EXPECT_NE(Intern(Series("old")), before);
  Reopen();
  EXPECT_EQ(store_->Statistics().series, 1u);
  EXPECT_EQ(store_->Statistics().damaged_records, 0u);
  EXPECT_NE(Intern(Series("old")), before);
}

TEST_F(DeletionTest, ASeriesWithATierLeftIsNotForgotten) {
  Append(Series("old"), {{-30, 1}});
  ASSERT_TRUE(store_->Settle().ok());
  clock_.Advance(absl::Hours(24 * 3));
  ASSERT_TRUE(store_->ExpireOld().ok());
  EXPECT_EQ(store_->Statistics().series, 1u);
  EXPECT_EQ(Read("old"), (Points{{-30, 1}}));
}

TEST_F(DeletionTest, ASeriesThatWasNamedWithinTheHourIsNotForgotten) {
  options_.retention = {.raw = absl::Hours(48), .five_minutes = {}, .one_hour = {}};
  Reopen();
  Append(Series("old"), {{-30, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  clock_.Advance(absl::Hours(24 * 3));
  const SeriesRef ref = Intern(Series("old"));
  ASSERT_TRUE(store_->ExpireOld().ok());
  EXPECT_EQ(Intern(Series("old")), ref);
  EXPECT_EQ(store_->Statistics().series, 1u);
}

}  // namespace
}  // namespace ora::storage
