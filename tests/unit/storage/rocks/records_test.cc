#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <limits>
#include <tuple>

#include "storage/rocks/batch_record.h"
#include "storage/rocks/record_bytes.h"
#include "storage/rocks/series_record.h"
#include "storage/sample.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::Pair;

using Blocks = std::vector<WriteBlock>;

std::string Encode(const std::vector<Blocks>& batches, const std::vector<BatchMark>& marks = {}) {
  std::vector<const Blocks*> pointers;
  for (const Blocks& blocks : batches) pointers.push_back(&blocks);
  BatchRecordEncoder encoder;
  return std::string(encoder.Encode(marks, pointers).bytes());
}

absl::Status ParseStatus(absl::string_view record) { return BatchRecord::Parse(record).status(); }

// Every sample by itself: how a record groups them is its own affair.
std::vector<std::tuple<SeriesId, int64_t, uint64_t>> SamplesIn(const BatchRecord& record) {
  std::vector<std::tuple<SeriesId, int64_t, uint64_t>> samples;
  record.ForEachRun([&](const SampleRun& run) {
    for (uint32_t i = 0; i < run.count; ++i) {
      uint64_t bits = 0;
      std::memcpy(&bits, run.values + i * sizeof(double), sizeof(bits));
      samples.emplace_back(run.first + i, run.time_millis, bits);
    }
  });
  return samples;
}

TEST(BatchRecordTest, ComesBackBitForBit) {
  constexpr SeriesId kLast = std::numeric_limits<SeriesId>::max();
  const std::vector<Blocks> batches = {
      {{1'767'225'600'000, {1, 2, 3, 500, 4}, {0.5, -1, StaleMarker(), 1e300, 0}},
       {-5, {kLast - 1, kLast, 0, kLast}, {-0.0, 1, 2, 3}}},
      {{std::numeric_limits<int64_t>::min(), {}, {}},
       {std::numeric_limits<int64_t>::max(), {7, 7, 7}, {1, 2, 3}}}};
  const std::string bytes = Encode(batches);
  const auto record = BatchRecord::Parse(bytes);
  ASSERT_TRUE(record.ok()) << record.status();
  std::vector<std::tuple<SeriesId, int64_t, uint64_t>> expected;
  for (const Blocks& blocks : batches) {
    for (const WriteBlock& block : blocks) {
      for (size_t i = 0; i < block.series.size(); ++i) {
        expected.emplace_back(static_cast<SeriesId>(block.series[i]), block.time_millis,
                              std::bit_cast<uint64_t>(block.values[i]));
      }
    }
  }
  EXPECT_EQ(SamplesIn(*record), expected);
  EXPECT_EQ(record->samples(), expected.size());
}

TEST(BatchRecordTest, MarksComeBackInTheirOrder) {
  const std::string bytes = Encode({{{5, {1}, {2}}}}, {{"b", 7}, {"a", UINT64_MAX}, {"", 1}});
  const auto record = BatchRecord::Parse(bytes);
  ASSERT_TRUE(record.ok()) << record.status();
  std::vector<std::pair<std::string, uint64_t>> marks;
  record->ForEachMark(
      [&](const BatchMark& mark) { marks.emplace_back(std::string(mark.key), mark.sequence); });
  EXPECT_THAT(marks, ElementsAre(Pair("b", 7), Pair("a", UINT64_MAX), Pair("", 1)));
  EXPECT_EQ(record->samples(), 1u);
}

TEST(BatchRecordTest, AnEncoderTellsTheSameAsAParser) {
  BatchRecordEncoder encoder;
  for (const size_t samples : {size_t{300'000}, size_t{3}}) {
    const Blocks blocks = {
        {9, std::vector<SeriesRef>(samples, 4), std::vector<double>(samples, 1)}};
    const BatchRecord encoded = encoder.Encode({}, {&blocks});
    const auto parsed = BatchRecord::Parse(encoded.bytes());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(encoded.samples(), samples);
    EXPECT_EQ(SamplesIn(encoded), SamplesIn(*parsed));
  }
}

TEST(BatchRecordTest, TakesLittleMoreThanItsValuesInTheLiveShape) {
  constexpr SeriesRef kSeries = 101;
  std::vector<Blocks> batches;
  for (SeriesRef host = 0; host < 100; ++host) {
    WriteBlock block{1'767'225'600'000, {}, {}};
    for (SeriesRef i = 0; i < kSeries; ++i) {
      block.series.push_back(1'000'000 + host * kSeries + i);
      block.values.push_back(1.5);
    }
    batches.push_back({std::move(block)});
  }
  constexpr size_t kBesides = 4;  // Bytes a batch: time, count, first id, ids in the run.
  EXPECT_LE(Encode(batches).size(), 100 * (kSeries * sizeof(double) + kBesides) + 20);
}

TEST(BatchRecordTest, AnyFlippedBitIsNoticed) {
  const std::string record = Encode({{{1000, {1, 2}, {3, 4}}}}, {{"key", 1}});
  for (size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(ParseStatus(damaged).code(), absl::StatusCode::kDataLoss) << bit;
  }
}

TEST(BatchRecordTest, AnyCutIsNoticed) {
  const std::string record = Encode({{{1000, {1, 2}, {3, 4}}}}, {{"key", 1}});
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_EQ(ParseStatus(record.substr(0, size)).code(), absl::StatusCode::kDataLoss);
  }
}

struct BadPayload {
  std::string name;
  std::vector<uint64_t> varints;
};

class BadPayloadTest : public testing::TestWithParam<BadPayload> {};

TEST_P(BadPayloadTest, IsDamageThoughItsChecksumIsRight) {
  RecordWriter writer;
  for (const uint64_t varint : GetParam().varints) writer.Varint(varint);
  EXPECT_EQ(ParseStatus(std::move(writer).Finish()).code(), absl::StatusCode::kDataLoss);
}

// Marks, then of the block: time, count, first id (zigzag), ids after it, values.
INSTANTIATE_TEST_SUITE_P(
    BatchRecord, BadPayloadTest,
    testing::Values(
        BadPayload{"NoMarks", {}}, BadPayload{"MoreMarksThanBytes", {UINT64_MAX}},
        BadPayload{"AKeyLongerThanTheBytes", {1, UINT64_MAX, 0, 0}},
        BadPayload{"AMarkWithoutASequence", {1, 1, 0}}, BadPayload{"ABlockOfATime", {0, 0}},
        BadPayload{"MoreSamplesThanBytes", {0, 0, UINT64_MAX}},
        BadPayload{"ABlockOfNothing", {0, 0, 0}},
        BadPayload{"ARunLongerThanTheBlock", {0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0}},
        BadPayload{"AnIdBelowZero", {0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
        BadPayload{"AnIdPastTheLast", {0, 0, 1, uint64_t{1} << 33, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
        BadPayload{
            "ARunPastTheLastId",
            {0, 0, 2, (uint64_t{1} << 33) - 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
        BadPayload{"ValuesCutShort", {0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0}},
        BadPayload{"AByteTooMany", {0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}),
    [](const auto& param) { return param.param.name; });

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
