#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "storage/rocks/batch_record.h"
#include "storage/rocks/record_bytes.h"
#include "storage/rocks/series_record.h"
#include "storage/sample.h"

namespace ora::storage {
namespace {

TEST(BatchRecordTest, ComesBackBitForBit) {
  const std::vector<WriteBlock> blocks = {
      {1'767'225'600'000, {1, 2, 3, 500, 4}, {0.5, -1, StaleMarker(), 1e300, 0}},
      {-5, {std::numeric_limits<SeriesRef>::max()}, {-0.0}},
      {std::numeric_limits<int64_t>::min(), {}, {}}};
  const auto decoded = DecodeBatchRecord(EncodeBatchRecord(blocks));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ASSERT_EQ(decoded->size(), blocks.size());
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ((*decoded)[i].time_millis, blocks[i].time_millis);
    EXPECT_EQ((*decoded)[i].series, blocks[i].series);
    ASSERT_EQ((*decoded)[i].values.size(), blocks[i].values.size());
    for (size_t j = 0; j < blocks[i].values.size(); ++j) {
      EXPECT_EQ(std::bit_cast<uint64_t>((*decoded)[i].values[j]),
                std::bit_cast<uint64_t>(blocks[i].values[j]));
    }
  }
}

TEST(BatchRecordTest, TakesTenBytesASampleAtMostInTheLiveShape) {
  WriteBlock block{1'767'225'600'000, {}, {}};
  for (SeriesRef ref = 1'000'000; ref < 1'000'101; ++ref) {
    block.series.push_back(ref);
    block.values.push_back(1.5);
  }
  EXPECT_LE(EncodeBatchRecord({block}).size(), 101u * 10);
}

TEST(BatchRecordTest, AnyFlippedBitIsNoticed) {
  const std::string record = EncodeBatchRecord({{1000, {1, 2}, {3, 4}}});
  for (size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(DecodeBatchRecord(damaged).status().code(), absl::StatusCode::kDataLoss) << bit;
  }
}

TEST(BatchRecordTest, AnyCutIsNoticed) {
  const std::string record = EncodeBatchRecord({{1000, {1, 2}, {3, 4}}});
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_EQ(DecodeBatchRecord(record.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

TEST(BatchRecordTest, ACountThatTheBytesCannotHoldIsDamage) {
  RecordWriter writer;
  writer.Varint(1);
  writer.Signed(0);
  writer.Varint(std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(DecodeBatchRecord(std::move(writer).Finish()).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(SeriesRecordTest, ComesBack) {
  const Labels labels({{"__name__", "up"}, {"instance", std::string("a\0b", 3)}});
  const auto decoded = DecodeSeriesRecord(EncodeSeriesRecord(labels));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, labels);
}

TEST(SeriesRecordTest, AnyFlippedBitIsNoticed) {
  const std::string record = EncodeSeriesRecord(Labels({{"a", "b"}}));
  for (size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeSeriesRecord(damaged).ok()) << bit;
  }
}

}  // namespace
}  // namespace ora::storage
