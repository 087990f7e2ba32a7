#include "storage/tsdb/partitions/partition_record.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/rocks/record_bytes.h"
#include "storage/tsdb/partitions/id_set.h"

namespace ora::storage {
namespace {

Roaring Set(std::initializer_list<uint32_t> ids) {
  Roaring set;
  for (const uint32_t id : ids) set.add(id);
  return set;
}

Roaring ThereAndBack(const Roaring& ids) {
  RecordWriter writer;
  PutIdSet(writer, ids);
  const std::string record = std::move(writer).Finish();
  absl::StatusOr<RecordReader> reader = RecordReader::Open(record);
  return TakeIdSet(*reader).value();
}

TEST(IdSetTest, EverySetComesBack) {
  EXPECT_EQ(ThereAndBack(Set({})), Set({}));
  EXPECT_EQ(ThereAndBack(Set({0, 1, 2, 7, UINT32_MAX - 1, UINT32_MAX})),
            Set({0, 1, 2, 7, UINT32_MAX - 1, UINT32_MAX}));
  std::mt19937 random(3);
  Roaring scattered;
  for (int i = 0; i < 50'000; ++i) scattered.add(random() % 200'000);
  EXPECT_EQ(ThereAndBack(scattered), scattered);
}

TEST(IdSetTest, RunsOfAnyLengthComeBack) {
  for (const uint64_t length : {1'022, 1'023, 1'024, 1'025, 2'048, 3'000, 65'536, 70'000}) {
    Roaring runs;
    for (uint64_t begin = 5; begin < 1'000'000; begin += length + 1) {
      runs.addRange(begin, begin + length);
    }
    EXPECT_EQ(ThereAndBack(runs), runs) << length;
  }
}

TEST(IdSetTest, EveryIdThatThereIsTakesAFewBytesAndNoTime) {
  Roaring all;
  all.addRange(0, uint64_t{UINT32_MAX} + 1);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(ThereAndBack(all).maximum(), UINT32_MAX);
  EXPECT_EQ(ThereAndBack(all), all);
}

TEST(IdSetTest, DenseIdsTakeAFewBytes) {
  Roaring dense;
  dense.addRange(1, 1'000'000);
  RecordWriter writer;
  PutIdSet(writer, dense);
  EXPECT_LT(std::move(writer).Finish().size(), 16u);
}

TEST(IdSetTest, RunsThatPassTheHighestIdAreRefused) {
  for (const bool at_end : {true, false}) {
    RecordWriter writer;
    writer.Varint(1);
    writer.Varint(UINT32_MAX);
    writer.Varint(at_end ? 1 : 2);
    const std::string record = std::move(writer).Finish();
    absl::StatusOr<RecordReader> reader = RecordReader::Open(record);
    EXPECT_EQ(TakeIdSet(*reader).has_value(), at_end);
  }
}

PartitionContents Example() {
  return {.samples = 123'456'789'012,
          .bytes = 98'765,
          .sealings = 5,
          .merged_through = 4711,
          .young_rows = 3,
          .young_samples = 540,
          .ids = Set({1, 2, 3, 9}),
          .young = Set({3}),
          .changed = Set({2, 3}),
          .last_offset_millis = 86'399'999};
}

TEST(PartitionRecordTest, ComesBack) {
  const auto back = DecodePartitionRecord(EncodePartitionRecord(Example()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->samples, Example().samples);
  EXPECT_EQ(back->bytes, Example().bytes);
  EXPECT_EQ(back->sealings, Example().sealings);
  EXPECT_EQ(back->merged_through, Example().merged_through);
  EXPECT_EQ(back->young_rows, Example().young_rows);
  EXPECT_EQ(back->young_samples, Example().young_samples);
  EXPECT_EQ(back->ids, Example().ids);
  EXPECT_EQ(back->young, Example().young);
  EXPECT_EQ(back->changed, Example().changed);
  EXPECT_EQ(back->last_offset_millis, Example().last_offset_millis);
}

TEST(PartitionRecordTest, NoticesAnyFlippedBitAndAnyCut) {
  const std::string record = EncodePartitionRecord(Example());
  for (size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodePartitionRecord(damaged).ok()) << bit;
  }
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(DecodePartitionRecord(record.substr(0, size)).status())) << size;
  }
}

TEST(PartitionRecordTest, RowsOfASealingMakeTheirSeriesYoungAndChanged) {
  PartitionContents contents = Example();
  contents.Add(Set({1, 50}), {.rows = 2, .samples = 10, .bytes = 100});
  EXPECT_EQ(contents.samples, Example().samples + 10);
  EXPECT_EQ(contents.bytes, Example().bytes + 100);
  EXPECT_EQ(contents.ids, Set({1, 2, 3, 9, 50}));
  EXPECT_EQ(contents.young, Set({1, 3, 50}));
  EXPECT_EQ(contents.changed, Set({1, 2, 3, 50}));
  EXPECT_EQ(contents.young_rows, Example().young_rows + 2);
  EXPECT_EQ(contents.young_samples, Example().young_samples + 10);
}

TEST(PartitionRecordTest, YoungRowsThatAreMergedCountNoLonger) {
  PartitionContents contents = Example();
  contents.TakeYoung({.rows = 1, .samples = 180});
  EXPECT_EQ(contents.young_rows, Example().young_rows - 1);
  EXPECT_EQ(contents.young_samples, Example().young_samples - 180);
  contents.TakeYoung({.rows = 100, .samples = 18'000});
  EXPECT_EQ(contents.young_rows, 0u);
  EXPECT_EQ(contents.young_samples, 0u);
}

TEST(PartitionRecordTest, WithoutYoungSeriesThereAreNoYoungRows) {
  PartitionContents contents = Example();
  contents.young = {};
  contents.TakeYoung({});
  EXPECT_EQ(contents.young_rows, 0u);
  EXPECT_EQ(contents.young_samples, 0u);
}

}  // namespace
}  // namespace ora::storage
