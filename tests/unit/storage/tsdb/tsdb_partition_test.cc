// What partitions are for: rules, merges, tiers, expiry.
#include <gmock/gmock.h>

#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kDay = 86'400;

class PartitionTest : public StoreTest {
 protected:
  void ReopenWith(const Retention& retention, std::vector<RetentionRule> rules = {}) {
    options_.retention = retention;
    options_.retention_rules = std::move(rules);
    options_.out_of_order_window = absl::Hours(24 * 20);
    Reopen();
  }

  static RetentionRule Rule(const std::string& name, absl::string_view metric,
                            const Retention& retention) {
    return {name, {Matcher::Equal("__name__", metric)}, retention};
  }

  // One sample a minute over `count` minutes: 1, 2, 3, ...
  static Points Minutes(int64_t from_seconds, int count) {
    Points points;
    for (int i = 0; i < count; ++i) points.emplace_back(from_seconds + i * 60, i + 1);
    return points;
  }

  Points ReadFor(absl::string_view function, absl::string_view metric, int64_t from_seconds,
                 int64_t to_seconds) {
    SelectRequest request;
    request.matchers = {Matcher::Equal("__name__", metric)};
    request.range = {At(from_seconds), At(to_seconds)};
    request.hints.function = std::string(function);
    auto cursor = store_->Select(request).value();
    if (!cursor->Next()) return {};
    Points points = ReadAll(*cursor);
    warnings_ = cursor->warnings();
    return points;
  }

  void AdvanceAndExpire(absl::Duration by) {
    clock_.Advance(by);
    ASSERT_TRUE(store_->ExpireOld().ok());
  }

  uint64_t CounterOf(absl::string_view name) { return counters_.Get(name).Value(); }

  std::vector<std::string> warnings_;
};

TEST_F(PartitionTest, AMergeLeavesOneLongRowOfManySealings) {
  Points expected;
  for (int i = 0; i < 6; ++i) {
    expected.emplace_back(-60 + i * 10, i);
    Append(Series("up"), {expected.back()});
    ASSERT_TRUE(store_->Seal().ok());
  }
  const uint64_t before = store_->Statistics().chunk_bytes;
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(Read("up"), expected);
  EXPECT_LT(store_->Statistics().chunk_bytes, before * 2 / 3);
  EXPECT_EQ(CounterOf("ora_storage_chunks_merged_total"), 6u);
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(CounterOf("ora_storage_chunks_merged_total"), 6u);
}

TEST_F(PartitionTest, CountsASampleOnceWhenAMergeFoundItTwice) {
  Append(Series("up"), {{-30, 1}, {-20, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-20, 2}, {-10, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  EXPECT_EQ(store_->Statistics().samples_sealed, 4u);
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(store_->Statistics().samples_sealed, 3u);
  ReopenCopy();
  EXPECT_EQ(store_->Statistics().samples_sealed, 3u);
  EXPECT_EQ(Read("up"), (Points{{-30, 1}, {-20, 2}, {-10, 2}}));
}

TEST_F(PartitionTest, MergesByItselfWhenNothingWasWrittenForAMinute) {
  Append(Series("up"), {{-30, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-20, 2}});
  // The first look finds what was written before it.
  EXPECT_TRUE(Eventually([this] {
    clock_.Advance(absl::Minutes(1));
    return CounterOf("ora_storage_chunks_merged_total") == 2;
  }));
  EXPECT_EQ(store_->Statistics().samples_open, 0u);
  EXPECT_EQ(Read("up"), (Points{{-30, 1}, {-20, 2}}));
}

TEST_F(PartitionTest, MergesByItselfWhenLittleIsWrittenForWhatWaits) {
  const Points before = Minutes(-3'600, 60);
  for (int series = 0; series < 10; ++series) Append(Series(absl::StrCat("up", series)), before);
  ASSERT_TRUE(store_->Seal().ok());
  EXPECT_EQ(store_->Statistics().young_chunks, 10u);
  // Of whoever writes on, a sample a minute.
  int minute = 0;
  EXPECT_TRUE(Eventually([&] {
    Append(Series("own"), {{minute * 60, 1}});
    clock_.Advance(absl::Minutes(1));
    ++minute;
    return store_->Statistics().young_chunks == 0;
  }));
  EXPECT_GE(CounterOf("ora_storage_samples_merged_total"), 600u);
  EXPECT_EQ(Read("up7"), before);
}

TEST_F(PartitionTest, CountsPartitionsAndTheChunksThatNoMergeHasSeen) {
  const auto counts = [this] {
    const StoreStatistics statistics = store_->Statistics();
    return std::pair(statistics.partitions, statistics.young_chunks);
  };
  using Counts = std::pair<uint64_t, uint64_t>;
  EXPECT_EQ(counts(), (Counts{0, 0}));
  for (const absl::string_view metric : {"up", "down"}) Append(Series(metric), {{-40, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-86'430, 1}, {-30, 1}});
  EXPECT_EQ(counts(), (Counts{1, 2}));  // What is open is no chunk.
  ASSERT_TRUE(store_->Seal().ok());
  EXPECT_EQ(counts(), (Counts{2, 4}));
  Reopen();
  EXPECT_EQ(counts(), (Counts{2, 4}));
  ASSERT_TRUE(store_->DeleteSeries({Matcher::Equal("__name__", "down")}).ok());
  EXPECT_EQ(counts(), (Counts{2, 3}));
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(counts(), (Counts{2, 0}));
  Append(Series("up"), {{-20, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  EXPECT_EQ(counts(), (Counts{2, 1}));
  ASSERT_TRUE(store_->DeleteSeries({Matcher::Equal("__name__", "up")}).ok());
  EXPECT_EQ(counts(), (Counts{2, 0}));
}

TEST_F(PartitionTest, ACursorReadsTheSameWhileMergesGoOn) {
  Points expected;
  for (int i = 0; i < 5; ++i) {
    expected.emplace_back(-60 + i * 10, i);
    Append(Series("up"), {expected.back()});
    ASSERT_TRUE(store_->Seal().ok());
  }
  const auto cursor = Select({}, -100, 0);
  ASSERT_TRUE(cursor->Next());
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(ReadAll(*cursor), expected);
}

TEST_F(PartitionTest, ACursorReadsOnInAPartitionThatIsDropped) {
  ReopenWith({.raw = absl::Hours(48), .five_minutes = {}, .one_hour = {}});
  Append(Series("up"), {{-kDay, 1}, {-kDay + 10, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  const auto cursor = Select({}, -2 * kDay, 0);
  ASSERT_TRUE(cursor->Next());
  AdvanceAndExpire(absl::Hours(24 * 3));
  EXPECT_THAT(Read("up"), IsEmpty());
  EXPECT_EQ(ReadAll(*cursor), (Points{{-kDay, 1}, {-kDay + 10, 2}}));
}

TEST_F(PartitionTest, EachRuleKeepsItsSeriesForItsOwnTime) {
  const Retention none_else{.raw = absl::Hours(24 * 10), .five_minutes = {}, .one_hour = {}};
  const Retention brief{.raw = absl::Hours(24), .five_minutes = {}, .one_hour = {}};
  ReopenWith(none_else, {Rule("brief", "debug", brief)});
  Append(Series("debug"), {{-30, 1}});
  Append(Series("up"), {{-30, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  AdvanceAndExpire(absl::Hours(25));
  EXPECT_THAT(Read("debug"), IsEmpty());
  EXPECT_EQ(Read("up"), (Points{{-30, 2}}));
  Reopen();
  EXPECT_THAT(Read("debug"), IsEmpty());
  EXPECT_EQ(Read("up"), (Points{{-30, 2}}));
}

TEST_F(PartitionTest, ARuleThatIsGoneLeavesItsPartitionsTheDefaultsTime) {
  const Retention ten{.raw = absl::Hours(24 * 10), .five_minutes = {}, .one_hour = {}};
  const Retention brief{.raw = absl::Hours(24), .five_minutes = {}, .one_hour = {}};
  ReopenWith(ten, {Rule("brief", "debug", brief)});
  Append(Series("debug"), {{-30, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  ReopenWith(ten);
  AdvanceAndExpire(absl::Hours(24 * 9));
  EXPECT_EQ(Read("debug"), (Points{{-30, 1}}));
  AdvanceAndExpire(absl::Hours(24 * 2));
  EXPECT_THAT(Read("debug"), IsEmpty());
}

TEST_F(PartitionTest, ReadsTheFiveMinuteTierOfADayWhoseRawSamplesAreGone) {
  ReopenWith({.raw = absl::Hours(48)});
  Append(Series("load"), Minutes(-kDay, 10));
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(ReadFor("", "load", -2 * kDay, 0).size(), 10u);
  EXPECT_THAT(warnings_, IsEmpty());
  AdvanceAndExpire(absl::Hours(24 * 3));
  EXPECT_EQ(ReadFor("", "load", -2 * kDay, 0), (Points{{-kDay + 240, 5}, {-kDay + 540, 10}}));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("downsampled")));
  EXPECT_EQ(ReadFor("max_over_time", "load", -2 * kDay, 0)[0].second, 5);
  EXPECT_EQ(ReadFor("min_over_time", "load", -2 * kDay, 0)[1].second, 6);
  EXPECT_EQ(ReadFor("sum_over_time", "load", -2 * kDay, 0)[0].second, 15);
  Reopen();
  EXPECT_EQ(ReadFor("", "load", -2 * kDay, 0).size(), 2u);
}

TEST_F(PartitionTest, MakesTiersOfWhatWasNeverMergedBeforeItExpires) {
  ReopenWith({.raw = absl::Hours(48)});
  Append(Series("load"), Minutes(-kDay, 10));
  ASSERT_TRUE(store_->Seal().ok());
  AdvanceAndExpire(absl::Hours(24 * 3));
  EXPECT_EQ(ReadFor("", "load", -2 * kDay, 0).size(), 2u);
}

TEST_F(PartitionTest, ReadsTheHourTierWhereTheFinerOnesAreGone) {
  ReopenWith({.raw = absl::Hours(48), .five_minutes = absl::Hours(24 * 10)});
  Append(Series("load"), Minutes(-kDay, 120));
  ASSERT_TRUE(store_->Settle().ok());
  AdvanceAndExpire(absl::Hours(24 * 30));
  EXPECT_EQ(ReadFor("", "load", -2 * kDay, 0), (Points{{-kDay + 3540, 60}, {-kDay + 7140, 120}}));
}

TEST_F(PartitionTest, LateSamplesChangeATierThatIsThere) {
  ReopenWith({.raw = absl::Hours(24 * 10)});
  Append(Series("load"), Minutes(-kDay, 10));
  ASSERT_TRUE(store_->Settle().ok());
  Append(Series("load"), {{-kDay + 30, 100}, {-kDay + 3000, 7}});
  ASSERT_TRUE(store_->Settle().ok());
  AdvanceAndExpire(absl::Hours(24 * 12));
  EXPECT_EQ(ReadFor("max_over_time", "load", -2 * kDay, 0),
            (Points{{-kDay + 240, 100}, {-kDay + 540, 10}, {-kDay + 3000, 7}}));
}

TEST_F(PartitionTest, ReadsTiersAndRawSamplesOfOneSeriesInOrder) {
  ReopenWith({.raw = absl::Hours(48)});
  Append(Series("load"), Minutes(-kDay, 10));
  ASSERT_TRUE(store_->Settle().ok());
  AdvanceAndExpire(absl::Hours(24 * 3));
  Append(Series("load"), {{3 * kDay - 60, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("load"), {{3 * kDay - 30, 2}});
  EXPECT_EQ(ReadFor("", "load", -2 * kDay, 4 * kDay),
            (Points{{-kDay + 240, 5}, {-kDay + 540, 10}, {3 * kDay - 60, 1}, {3 * kDay - 30, 2}}));
}

TEST_F(PartitionTest, DropsTheOldestDaysFirstWhenTheLimitOfDiskIsReached) {
  ReopenWith({.raw = absl::Hours(24 * 10), .five_minutes = {}, .one_hour = {}});
  for (int64_t day = -3; day < 0; ++day) Append(Series("up"), {{day * kDay, 1}});
  Append(Series("up"), {{0, 1}});
  ASSERT_TRUE(store_->Settle().ok());
  options_.disk_bytes_max = 1;
  Reopen();
  ASSERT_TRUE(clock_.AwaitWaiters(1));
  clock_.Advance(absl::Minutes(1));
  EXPECT_TRUE(Eventually([this] {
    return Store(Batch(Series("up"), {{10, 1}})).status().code() ==
           absl::StatusCode::kResourceExhausted;
  }));
  EXPECT_EQ(CounterOf("ora_storage_partitions_dropped_early_total"), 3u);
  EXPECT_EQ(Read("up", -3 * kDay, 0), (Points{{0, 1}}));
  options_.disk_bytes_max = uint64_t{1} << 40;
  Reopen();
  Append(Series("up"), {{10, 1}});
}

}  // namespace
}  // namespace ora::storage
