// That what is forgotten gives its memory back, and what a reader looks at stays.
#include <gmock/gmock.h>

#include <deque>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/index/epoch_pins.h"
#include "storage/index/label_pairs.h"
#include "storage/index/regex_cache.h"
#include "storage/index/series_table.h"

namespace ora::storage {
namespace {

constexpr uint64_t kNobodyLooks = UINT64_MAX;

TEST(EpochPinsTest, HoldsWhatIsRetiredAfterThePin) {
  EpochPins pins;
  const uint64_t before = pins.Retire();
  EpochPins::Pin pin = pins.Take();
  EXPECT_TRUE(pins.IsCurrent(pin));
  const uint64_t after = pins.Retire();
  EXPECT_FALSE(pins.IsCurrent(pin));
  EXPECT_LT(before, pins.OldestPinned());
  EXPECT_GE(after, pins.OldestPinned());
  const EpochPins::Pin later = pins.Take();
  EpochPins::Pin moved = std::move(pin);
  EXPECT_GE(after, pins.OldestPinned());
  moved = EpochPins::Pin();
  EXPECT_LT(after, pins.OldestPinned());
}

TEST(LabelPairsTest, APairLivesAsLongAsASeriesBearsIt) {
  LabelPairs pairs;
  const PairId id = pairs.Acquire("a", "x");
  EXPECT_EQ(pairs.Acquire("a", "x"), id);
  EXPECT_NE(pairs.Acquire("b", "x"), id);
  pairs.Release(id, 1);
  EXPECT_EQ(pairs.Find("a", "x"), id);
  pairs.Release(id, 2);
  EXPECT_FALSE(pairs.Find("a", "x"));
  EXPECT_EQ(pairs.FindName("a"), nullptr);
  EXPECT_TRUE(pairs.Find("b", "x"));
}

TEST(LabelPairsTest, ADeadTextStaysForThoseWhoLookAtIt) {
  LabelPairs pairs;
  const PairId id = pairs.Acquire("a", "x");
  const auto directory = pairs.directory();
  pairs.Release(id, 5);
  pairs.Reclaim(5, 1000);
  EXPECT_EQ((*directory)[id].value(), "x");
  EXPECT_EQ((*directory)[id].name->text, "a");
  EXPECT_NE(pairs.Acquire("a", "x"), id);
  pairs.Reclaim(6, 1000);
  EXPECT_EQ(pairs.Acquire("a", "y"), id);
}

TEST(LabelPairsTest, AMillionValuesAndNamesThatComeAndGoTakeTheRoomOfAFew) {
  constexpr int kAlive = 100;
  LabelPairs pairs;
  std::deque<PairId> alive;
  for (int i = 0; i < 500'000; ++i) {
    alive.push_back(pairs.Acquire("path", absl::StrCat("/", i)));
    alive.push_back(pairs.Acquire(absl::StrCat("name_", i), "x"));
    while (alive.size() > kAlive) {
      pairs.Release(alive.front(), 1);
      alive.pop_front();
    }
    pairs.Reclaim(kNobodyLooks, 1000);
  }
  EXPECT_LE(pairs.directory()->size(), 1024u);
  EXPECT_LE(pairs.names().size(), 1u + kAlive);
  EXPECT_LE(pairs.FindName("path")->log.size(), 4u * kAlive);
}

TEST(LabelPairsTest, ReclaimsNoMoreAtOnceThanItIsTold) {
  LabelPairs pairs;
  std::vector<PairId> ids;
  for (int i = 0; i < 200; ++i) ids.push_back(pairs.Acquire("a", absl::StrCat(i)));
  const uint32_t first = ids[0];
  for (const PairId id : ids) pairs.Release(id, 1);
  const auto directory = pairs.directory();
  pairs.Reclaim(kNobodyLooks, 1);
  // The pairs that died first go first, one of them.
  EXPECT_EQ(pairs.Acquire("b", "x"), first);
  EXPECT_EQ((*directory)[ids[1]].value(), "1");
}

SeriesEntry Series(uint32_t id) { return {.id = id, .slot = 7}; }

TEST(SeriesTableTest, FindsSeriesByIdAndByLabels) {
  SeriesTable table;
  const std::vector<PairId> labels = {4, 9, 2};
  table.Add(Series(70'000'000), labels);
  table.Add(Series(3), std::vector<PairId>{4, 9});
  ASSERT_NE(table.Find(70'000'000), nullptr);
  EXPECT_EQ(table.FindByLabels(labels), table.Find(70'000'000));
  EXPECT_EQ(table.Find(3)->labels(), absl::MakeConstSpan({4u, 9u}));
  EXPECT_EQ(table.Find(4), nullptr);
  EXPECT_EQ(table.FindByLabels(std::vector<PairId>{9, 4}), nullptr);
}

TEST(SeriesTableTest, HoldsSeriesWithoutLabelsAndWithTheMostLabels) {
  SeriesTable table;
  const std::vector<PairId> most(SeriesTable::kLabelsMax, 5);
  table.Add(Series(1), {});
  table.Add(Series(2), most);
  EXPECT_EQ(table.FindByLabels({})->id, 1u);
  EXPECT_EQ(table.FindByLabels(most)->id, 2u);
}

TEST(SeriesTableTest, ARemovedRecordStaysForThoseWhoLookAtIt) {
  SeriesTable table;
  const std::vector<PairId> labels = {4, 9};
  const SeriesEntry& record = table.Add(Series(1), labels);
  table.Remove(1, 5);
  EXPECT_EQ(table.Find(1), nullptr);
  EXPECT_EQ(table.FindByLabels(labels), nullptr);
  table.Reclaim(5, 1000);
  table.Add(Series(2), labels);
  EXPECT_EQ(record.id, 1u);
  table.Reclaim(6, 1000);
  EXPECT_EQ(&table.Add(Series(3), std::vector<PairId>{1, 2}), &record);
}

TEST(SeriesTableTest, GivesBackWhatIsEmpty) {
  SeriesTable table;
  for (uint32_t id = 1; id <= 20'000; ++id) table.Add(Series(id), std::vector<PairId>{id, id, id});
  EXPECT_GT(table.slabs(), 5u);
  for (uint32_t id = 1; id < 20'000; ++id) table.Remove(id, 1);
  table.Reclaim(kNobodyLooks, 100'000);
  EXPECT_EQ(table.slabs(), 1u);
  EXPECT_EQ(table.Find(20'000)->labels()[0], 20'000u);
  table.Remove(20'000, 1);
  table.Reclaim(kNobodyLooks, 1);
  EXPECT_EQ(table.slabs(), 0u);
}

TEST(SeriesTableTest, AMillionSeriesThatComeAndGoTakeTheRoomOfAFew) {
  constexpr uint32_t kAlive = 100;
  SeriesTable table;
  for (uint32_t id = 1; id <= 1'000'000; ++id) {
    const std::vector<PairId> labels(1 + id % 4, id);
    table.Add(Series(id), labels);
    if (id > kAlive) table.Remove(id - kAlive, 1);
    table.Reclaim(kNobodyLooks, 1000);
  }
  EXPECT_EQ(table.size(), kAlive);
  EXPECT_LE(table.slabs(), 4u);
}

std::shared_ptr<const RegexCache::Answer> Answer(uint32_t matched) {
  auto answer = std::make_shared<RegexCache::Answer>();
  for (uint32_t i = 0; i < matched; ++i) answer->matched.add(i * 2);
  return answer;
}

TEST(RegexCacheTest, KeepsTheAnswersUsedLast) {
  RegexCache cache;
  for (size_t i = 0; i < RegexCache::kAnswersMax; ++i) {
    cache.Keep("a", absl::StrCat(i), Answer(1));
  }
  EXPECT_NE(cache.Find("a", "0"), nullptr);
  cache.Keep("a", "one more", Answer(1));
  EXPECT_EQ(cache.answers(), RegexCache::kAnswersMax);
  EXPECT_NE(cache.Find("a", "0"), nullptr);
  EXPECT_EQ(cache.Find("a", "1"), nullptr);
  EXPECT_EQ(cache.Find("b", "0"), nullptr);
}

TEST(RegexCacheTest, HoldsNoMoreBytesThanItsLimit) {
  RegexCache cache;
  const auto large = Answer(1'000'000);  // As a bitmap some 250 KB.
  const size_t fit = RegexCache::kBytesMax / large->matched.getSizeInBytes();
  ASSERT_LT(fit, RegexCache::kAnswersMax);
  for (size_t i = 0; i <= fit; ++i) cache.Keep("a", absl::StrCat(i), large);
  EXPECT_LE(cache.answers(), fit);
  EXPECT_EQ(cache.Find("a", "0"), nullptr);
  EXPECT_NE(cache.Find("a", absl::StrCat(fit)), nullptr);
}

}  // namespace
}  // namespace ora::storage
