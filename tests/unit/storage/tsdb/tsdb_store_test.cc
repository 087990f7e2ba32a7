#include <gmock/gmock.h>

#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using TsdbStoreTest = StoreTest;

TEST_F(TsdbStoreTest, ReadsBackWhatWasWritten) {
  Append(Series("up"), {{-20, 1}, {-10, 0}});
  EXPECT_EQ(Read("up"), (Points{{-20, 1}, {-10, 0}}));
}

TEST_F(TsdbStoreTest, CutsSamplesToTheRangeBothEndsIncluded) {
  Append(Series("up"), {{-50, 1}, {-40, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-30, 3}, {-20, 4}});
  EXPECT_EQ(Read("up", -40, -30), (Points{{-40, 2}, {-30, 3}}));
  EXPECT_EQ(Read("up", -39, -31), Points());
}

TEST_F(TsdbStoreTest, KeepsNanPayloadsBitForBit) {
  Append(Series("up"), {{-20, StaleMarker()}, {-10, std::bit_cast<double>(0xfff8000000000abc)}});
  ASSERT_TRUE(store_->Seal().ok());
  const Points points = Read("up");
  ASSERT_EQ(points.size(), 2u);
  EXPECT_TRUE(IsStaleMarker(points[0].second));
  EXPECT_EQ(std::bit_cast<uint64_t>(points[1].second), 0xfff8000000000abc);
}

TEST_F(TsdbStoreTest, ReadsSealedAndOpenSamplesAsOne) {
  Append(Series("up"), {{-40, 1}, {-30, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-20, 3}});
  EXPECT_EQ(Read("up"), (Points{{-40, 1}, {-30, 2}, {-20, 3}}));
  const StoreStatistics statistics = store_->Statistics();
  EXPECT_EQ(statistics.samples_sealed, 2u);
  EXPECT_EQ(statistics.samples_open, 1u);
}

TEST_F(TsdbStoreTest, SortsSeriesByLabels) {
  Append(Series("b", "y"), {{-1, 1}});
  Append(Series("b", "x"), {{-1, 1}});
  Append(Series("a", "z"), {{-1, 1}});
  const auto cursor = Select({}, -10, 0);
  std::vector<std::string> names;
  while (cursor->Next()) names.push_back(cursor->labels().ToString());
  EXPECT_THAT(names, ElementsAre("a{instance=\"z\"}", "b{instance=\"x\"}", "b{instance=\"y\"}"));
  EXPECT_EQ(cursor->series_count(), 3u);
}

TEST_F(TsdbStoreTest, RefusesASelectionOverItsLimit) {
  Append(Series("a"), {{-1, 1}});
  Append(Series("b"), {{-1, 1}});
  SelectRequest request;
  request.series_max = 2;
  EXPECT_TRUE(store_->Select(request).ok());
  request.series_max = 1;
  EXPECT_EQ(store_->Select(request).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(TsdbStoreTest, ListsLabelNamesAndValuesOfWhatMatches) {
  Append(Series("a", "x"), {{-1, 1}});
  Append(Series("b", "y"), {{-1, 1}});
  EXPECT_THAT(*store_->LabelNames({}), ElementsAre("__name__", "instance"));
  EXPECT_THAT(*store_->LabelValues("instance", {}), ElementsAre("x", "y"));
  EXPECT_THAT(*store_->LabelValues("instance", {Matcher::Equal("__name__", "b")}),
              ElementsAre("y"));
}

TEST_F(TsdbStoreTest, ShowsASeriesOnlyOnceItHasSamples) {
  Intern(Series("up"));
  EXPECT_EQ(Select({}, -10, 0)->series_count(), 0u);
  Append(Series("up"), {{-1, 1}});
  EXPECT_EQ(Select({}, -10, 0)->series_count(), 1u);
}

TEST_F(TsdbStoreTest, NamesASeriesTheSameEachTime) {
  EXPECT_EQ(Intern(Series("up")), Intern(Series("up")));
  EXPECT_NE(Intern(Series("up")), Intern(Series("down")));
}

TEST_F(TsdbStoreTest, RefusesABatchOfASeriesThatWasNeverInterned) {
  WriteBatch batch{.instance = "a", .blocks = {{At(-1), {77}, {1}}}};
  EXPECT_EQ(Store(batch).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TsdbStoreTest, RefusesABlockOfUnevenColumns) {
  WriteBatch batch{.instance = "a", .blocks = {{At(-1), {Intern(Series("up"))}, {1, 2}}}};
  EXPECT_EQ(Store(batch).status().code(), absl::StatusCode::kInvalidArgument);
}

class LateSampleTest : public StoreTest {};

TEST_F(LateSampleTest, OutOfOrderSamplesAreReadInOrder) {
  Append(Series("up"), {{-10, 5}, {-50, 1}, {-30, 3}});
  EXPECT_EQ(Read("up"), (Points{{-50, 1}, {-30, 3}, {-10, 5}}));
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-40, 2}, {-20, 4}});
  EXPECT_EQ(Read("up"), (Points{{-50, 1}, {-40, 2}, {-30, 3}, {-20, 4}, {-10, 5}}));
  ASSERT_TRUE(store_->Seal().ok());
  EXPECT_EQ(Read("up"), (Points{{-50, 1}, {-40, 2}, {-30, 3}, {-20, 4}, {-10, 5}}));
}

TEST_F(LateSampleTest, OfTwoAtOneTimeTheLaterWrittenStays) {
  Append(Series("up"), {{-10, 1}, {-10, 2}});
  EXPECT_EQ(Read("up"), (Points{{-10, 2}}));
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-10, 3}, {-20, 0}});
  EXPECT_EQ(Read("up"), (Points{{-20, 0}, {-10, 3}}));
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-30, 9}});
  EXPECT_EQ(Read("up"), (Points{{-30, 9}, {-20, 0}, {-10, 3}}));
  ASSERT_TRUE(store_->Seal().ok());
  Reopen();
  EXPECT_EQ(Read("up"), (Points{{-30, 9}, {-20, 0}, {-10, 3}}));
}

TEST_F(LateSampleTest, TheSameChunkBoundsTwiceLoseNothing) {
  Append(Series("up"), {{-30, 1}, {-10, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-30, 2}, {-20, 2}, {-10, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  EXPECT_EQ(Read("up"), (Points{{-30, 2}, {-20, 2}, {-10, 2}}));
}

TEST_F(LateSampleTest, StoresUpToTheWindowsEndsAndCountsWhatIsPast) {
  const int64_t oldest = -absl::ToInt64Seconds(options_.out_of_order_window);
  const int64_t newest = absl::ToInt64Seconds(options_.future_window);
  const auto outcome =
      Store(Batch(Series("up"), {{oldest - 1, 1}, {oldest, 2}, {newest, 3}, {newest + 1, 4}}));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->samples_stored, 2u);
  EXPECT_EQ(outcome->samples_too_old, 1u);
  EXPECT_EQ(outcome->samples_too_new, 1u);
  EXPECT_THAT(outcome->rejection_example, HasSubstr("2025-12-24T23:59:59.000Z is older"));
  EXPECT_EQ(Read("up"), (Points{{oldest, 2}, {newest, 3}}));
}

TEST_F(LateSampleTest, ASeriesOverManyDaysIsReadAsOne) {
  Points points;
  for (int64_t hours = -6 * 24; hours < 0; hours += 5) points.emplace_back(hours * 3600, hours);
  Append(Series("up"), points);
  ASSERT_TRUE(store_->Seal().ok());
  EXPECT_EQ(Read("up"), points);
  Reopen();
  EXPECT_EQ(Read("up"), points);
}

class CursorTest : public StoreTest {};

TEST_F(CursorTest, SeesNothingThatWasWrittenAfterTheSelection) {
  Append(Series("up"), {{-20, 1}});
  const auto cursor = Select({}, -100, 0);
  Append(Series("up"), {{-10, 2}});
  ASSERT_TRUE(cursor->Next());
  EXPECT_EQ(ReadAll(*cursor), (Points{{-20, 1}}));
}

TEST_F(CursorTest, NeitherMissesNorDoublesWhenASealComesInBetween) {
  Append(Series("up"), {{-30, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-20, 2}});
  const auto cursor = Select({}, -100, 0);
  ASSERT_TRUE(cursor->Next());
  ASSERT_TRUE(store_->Seal().ok());
  EXPECT_EQ(ReadAll(*cursor), (Points{{-30, 1}, {-20, 2}}));
  Append(Series("up"), {{-10, 3}});
  ASSERT_TRUE(store_->Seal().ok());
  EXPECT_EQ(ReadAll(*cursor), (Points{{-30, 1}, {-20, 2}}));
}

TEST_F(CursorTest, ReadsTheSameWhileWritesAndSealsGoOn) {
  constexpr int kRounds = 40;
  std::thread sealer([this] {
    for (int i = 0; i < kRounds / 2; ++i) EXPECT_TRUE(store_->Seal().ok());
  });
  Points expected;
  for (int i = 0; i < kRounds; ++i) {
    expected.emplace_back(-kRounds + i, i);
    Append(Series("up"), {expected.back()});
    EXPECT_EQ(Read("up"), expected);
  }
  sealer.join();
  EXPECT_EQ(Read("up"), expected);
}

}  // namespace
}  // namespace ora::storage
