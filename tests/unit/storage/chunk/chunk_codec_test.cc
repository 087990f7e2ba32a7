#include "storage/chunk/chunk_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "storage/chunk/packed_column.h"

namespace ora::storage {
namespace {

using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<uint64_t> Bits(const std::vector<double>& values) {
  std::vector<uint64_t> bits;
  for (double value : values) bits.push_back(std::bit_cast<uint64_t>(value));
  return bits;
}

std::vector<int64_t> EveryTenSeconds(size_t count) {
  std::vector<int64_t> times(count);
  for (size_t i = 0; i < count; ++i)
    times[i] = 1'700'000'000'000 + static_cast<int64_t>(i) * 10'000;
  return times;
}

// Reads only the chunk's first samples, over what columns held before.
void ExpectBeginnings(const std::string& bytes, const std::vector<int64_t>& times,
                      const std::vector<double>& values) {
  constexpr size_t kAt = 2;
  SampleColumns columns{{1, 2, 3}, {1, 2, 3}};
  for (size_t count : {size_t{0}, size_t{1}, size_t{2}, size_t{4}, size_t{128}, size_t{130},
                       times.size() / 2, times.size() - 1, times.size()}) {
    if (count > times.size()) continue;
    if (count == 0 && times[0] == std::numeric_limits<int64_t>::min()) continue;
    const int64_t end = count == 0 ? times[0] - 1 : times[count - 1];
    const auto read = DecodeChunkAt(bytes, end, kAt, columns);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(*read, count);
    ASSERT_EQ(columns.values[1], 2);
    const auto end_at = static_cast<std::ptrdiff_t>(count);
    const auto begin = columns.values.begin() + kAt;
    ASSERT_EQ(Bits({begin, begin + end_at}), Bits({values.begin(), values.begin() + end_at}));
    const auto time = columns.time_millis.begin() + kAt;
    ASSERT_TRUE(std::equal(time, time + end_at, times.begin()));
  }
}

// Unpacks the chunk as it is kept, and reads parts of that over what columns held before.
void ExpectPacked(const std::string& bytes, const std::vector<int64_t>& times,
                  const std::vector<double>& values) {
  const absl::StatusOr<PackedColumn> packed = PackedColumn::OfChunk(bytes);
  ASSERT_TRUE(packed.ok()) << packed.status();
  ASSERT_EQ(packed->size(), times.size());
  constexpr size_t kAt = 1;
  SampleColumns columns{{1, 2}, {1, 2}};
  const size_t third = times.size() / 3;
  for (const auto& [begin, end] : {std::pair{size_t{0}, times.size()},
                                   {third, 2 * third},
                                   {times.size() - 1, times.size()},
                                   {third, third}}) {
    packed->Read(begin, end, kAt, columns);
    ASSERT_EQ(columns.values[0], 1);
    ASSERT_GE(columns.size(), kAt + end - begin);
    for (size_t i = begin; i < end; ++i) {
      ASSERT_EQ(columns.time_millis[kAt + i - begin], times[i]);
      ASSERT_EQ(std::bit_cast<uint64_t>(columns.values[kAt + i - begin]),
                std::bit_cast<uint64_t>(values[i]));
    }
  }
  for (size_t i = 0; i < times.size(); i += 1 + times.size() / 50) {
    ASSERT_EQ(packed->CountBefore(times[i]), i);
    if (times[i] < std::numeric_limits<int64_t>::max()) {
      ASSERT_EQ(packed->CountBefore(times[i] + 1), i + 1);
    }
  }
  ASSERT_EQ(packed->CountBefore(times.back()), times.size() - 1);
}

// The bytes of the chunk, after checking that all comes back to the bit.
std::string RoundTrip(const std::vector<int64_t>& times, const std::vector<double>& values,
                      ChunkEffort effort) {
  std::string bytes = EncodeChunk(times, values, effort);
  SampleColumns read;
  EXPECT_EQ(DecodeChunk(bytes, read), absl::OkStatus());
  EXPECT_EQ(read.time_millis, times);
  EXPECT_EQ(Bits(read.values), Bits(values));
  ExpectBeginnings(bytes, times, values);
  ExpectPacked(bytes, times, values);
  return bytes;
}

// The larger of both efforts' chunks.
std::string RoundTrip(const std::vector<int64_t>& times, const std::vector<double>& values) {
  std::string fast = RoundTrip(times, values, ChunkEffort::kFast);
  std::string best = RoundTrip(times, values, ChunkEffort::kBest);
  EXPECT_LE(best.size(), fast.size());
  return fast;
}

std::string RoundTrip(const std::vector<double>& values) {
  return RoundTrip(EveryTenSeconds(values.size()), values);
}

constexpr double kFastOverhead = 1.15;

struct Kind {
  const char* name;
  double bytes_per_sample_max;
  std::function<double(std::mt19937_64&, double)> next;  // From the value before.
};

class ChunkKindTest : public testing::TestWithParam<Kind> {};

TEST_P(ChunkKindTest, ComesBackToTheBitInItsSize) {
  std::mt19937_64 random(7);
  std::vector<double> values{GetParam().next(random, 0)};
  while (values.size() < 8640) values.push_back(GetParam().next(random, values.back()));
  const std::string bytes = RoundTrip(EveryTenSeconds(values.size()), values, ChunkEffort::kBest);
  EXPECT_LE(static_cast<double>(bytes.size()) / 8640, GetParam().bytes_per_sample_max);
  // Fast ones take little more, and any count is packed.
  EXPECT_LE(static_cast<double>(RoundTrip(values).size()),
            static_cast<double>(bytes.size()) * kFastOverhead);
  for (size_t count = 1; count < 300; count += count < 70 ? 1 : 37) {
    RoundTrip(std::vector<double>(values.begin(), values.begin() + static_cast<long>(count)));
  }
}

double Normal(std::mt19937_64& random, double mean, double deviation) {
  return std::normal_distribution<double>(mean, deviation)(random);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ChunkKindTest,
    testing::Values(Kind{"Constant", 0.01, [](auto&, double) { return 0.1; }},
                    Kind{"Counter", 0.70,
                         [](auto& random, double before) {
                           return before + std::round(Normal(random, 50, 10));
                         }},
                    Kind{"IntegerGauge", 0.32,
                         [](auto& random, double before) {
                           return before + std::trunc(Normal(random, 0, 1));
                         }},
                    Kind{"PageGauge", 1.25,
                         [](auto& random, double before) {
                           return before + 4096 * std::round(Normal(random, 0, 148));
                         }},
                    Kind{"TwoDecimals", 1.15,
                         [](auto& random, double before) {
                           return std::round((before + Normal(random, 0, 1)) * 100) / 100;
                         }},
                    Kind{"AnyDouble", 8.01,
                         [](auto& random, double) { return std::bit_cast<double>(random()); }},
                    Kind{"SumOfSeconds", 5.8,
                         [](auto& random, double before) {
                           return before + std::exp(Normal(random, 0, 1)) / 1000;
                         }},
                    Kind{"LevelBelowZero", 5.15,
                         [](auto& random, double) { return -20 + Normal(random, 0, 0.001); }},
                    Kind{"UnitInterval", 6.8,
                         [](auto& random, double) {
                           return std::uniform_real_distribution(0.5, 1.0)(random);
                         }}),
    [](const auto& instance) { return instance.param.name; });

TEST(ChunkCodecTest, KeepsEveryOddFloat) {
  const std::vector<double> odd = {0.0,
                                   -0.0,
                                   kInfinity,
                                   -kInfinity,
                                   StaleMarker(),
                                   std::nan(""),
                                   std::nan("77"),
                                   -std::nan("1"),
                                   std::numeric_limits<double>::denorm_min(),
                                   -std::numeric_limits<double>::denorm_min(),
                                   std::numeric_limits<double>::max(),
                                   std::numeric_limits<double>::lowest(),
                                   std::numeric_limits<double>::min(),
                                   9007199254740991.0,
                                   9007199254740992.0,
                                   9007199254740994.0,
                                   4611686018427387904.0,
                                   9223372036854775808.0,
                                   1e300,
                                   1e-300,
                                   0.1,
                                   1.0 / 3};
  RoundTrip(odd);
  for (double value : odd) {
    RoundTrip(std::vector<double>{value});
    RoundTrip({value, value, value});
    RoundTrip({1, 2, value, 4});
    RoundTrip({value, 0.01, 0.02, 0.03});
  }
}

TEST(ChunkCodecTest, KeepsStaleMarkersAmongDecimalsForAFewBytesEach) {
  std::vector<double> values(8640, 0.0);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 10) / 10;
  const std::vector<int64_t> times = EveryTenSeconds(values.size());
  const size_t without = RoundTrip(times, values, ChunkEffort::kBest).size();
  for (size_t i = 0; i < values.size(); i += 2000) values[i] = StaleMarker();
  EXPECT_LE(RoundTrip(times, values, ChunkEffort::kBest).size(), without + 5 * 20);
}

TEST(ChunkCodecTest, CodesIrregularTimes) {
  std::mt19937_64 random(3);
  std::vector<int64_t> times{-5};
  while (times.size() < 1000) {
    times.push_back(times.back() + 9'990 + static_cast<int64_t>(random() % 20));
  }
  EXPECT_LE(RoundTrip(times, std::vector<double>(1000, 1)).size(), 1000u);
  RoundTrip({std::numeric_limits<int64_t>::min(), -1, 0, std::numeric_limits<int64_t>::max()},
            {1, 2, 3, 4});
}

TEST(ChunkCodecTest, CodesEqualStepsWithAGapInAFewBytes) {
  std::vector<int64_t> times = EveryTenSeconds(8640);
  for (size_t i = 5000; i < times.size(); ++i) times[i] += 3'600'000;
  EXPECT_LE(RoundTrip(times, std::vector<double>(8640, 1)).size(), 40u);
}

TEST(ChunkCodecTest, AppendsBehindWhatIsThere) {
  SampleColumns columns{{1}, {0.5}};
  ASSERT_EQ(DecodeChunk(EncodeChunk({2, 3}, {7, 8}, ChunkEffort::kFast), columns),
            absl::OkStatus());
  EXPECT_THAT(columns.time_millis, testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(columns.values, testing::ElementsAre(0.5, 7, 8));
}

TEST(ChunkCodecTest, TakesAsManySamplesAsTheLimit) {
  RoundTrip(std::vector<double>(kChunkSamplesMax, 3));
  std::vector<double> values(kChunkSamplesMax);
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<double>(i));
  RoundTrip(values);
}

TEST(ChunkCodecDeathTest, DiesOfWhatACallerMustNotPass) {
  const std::vector<double> too_many(kChunkSamplesMax + 1, 1);
  EXPECT_DEATH(EncodeChunk(EveryTenSeconds(too_many.size()), too_many, ChunkEffort::kFast), "");
  EXPECT_DEATH(EncodeChunk({}, {}, ChunkEffort::kFast), "");
  EXPECT_DEATH(EncodeChunk({1, 1}, {1, 2}, ChunkEffort::kFast), "");
  EXPECT_DEATH(EncodeChunk({1, 2}, {1}, ChunkEffort::kFast), "");
}

TEST(PackedColumnTest, TakesLittleMoreMemoryThanTheRangeOfItsValues) {
  const auto bytes_of = [](double step) {
    std::vector<double> values;
    for (int i = 0; i < 2000; ++i) values.push_back(i % 100 * step / 100);
    const auto packed = PackedColumn::OfChunk(
        EncodeChunk(EveryTenSeconds(values.size()), values, ChunkEffort::kBest));
    return packed.value().bytes();
  };
  constexpr size_t kRest = 256;
  EXPECT_LE(bytes_of(0), kRest);
  EXPECT_LE(bytes_of(100), 2000 + kRest);
  EXPECT_LE(bytes_of(1), 2000 + kRest);
  EXPECT_LE(bytes_of(1e4), 4000 + kRest);
  EXPECT_LE(bytes_of(1e8), 8000 + kRest);
  EXPECT_LE(bytes_of(1e11), 16000 + kRest);
}

TEST(PackedColumnTest, KeepsTimesWithoutAPace) {
  std::mt19937_64 random(3);
  std::vector<int64_t> times{1'700'000'000'000};
  while (times.size() < 1000)
    times.push_back(times.back() + 1 + static_cast<int64_t>(random() % 99));
  RoundTrip(times, std::vector<double>(times.size(), 1));
  times.back() += int64_t{1} << 40;
  RoundTrip(times, std::vector<double>(times.size(), 1));
}

TEST(ChunkCodecTest, ReportsEveryTruncationAndChangesNothing) {
  std::vector<std::string> chunks = {
      EncodeChunk({1, 2, 3}, {1, 1, 1}, ChunkEffort::kFast),
      EncodeChunk({1, 2, 4, 9, 20, 21}, {1.5, 2.25, 9, std::nan(""), 8, 1}, ChunkEffort::kFast),
      EncodeChunk({1, 5, 9}, {1.0 / 3, 2.0 / 3, std::sqrt(2)}, ChunkEffort::kFast)};
  for (const std::string& chunk : chunks) {
    for (size_t size = 0; size < chunk.size(); ++size) {
      SampleColumns columns{{1}, {0.5}};
      const absl::Status status = DecodeChunk(absl::string_view(chunk).substr(0, size), columns);
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << size;
      const auto packed = PackedColumn::OfChunk(absl::string_view(chunk).substr(0, size));
      EXPECT_EQ(packed.status().code(), absl::StatusCode::kDataLoss) << size;
      EXPECT_EQ(columns.size(), 1u);
      EXPECT_EQ(columns.values.size(), 1u);
    }
    SampleColumns columns;
    EXPECT_EQ(DecodeChunk(chunk + "x", columns).code(), absl::StatusCode::kDataLoss);
  }
}

TEST(ChunkCodecTest, SurvivesAnyFlippedBit) {
  std::mt19937_64 random(5);
  std::vector<double> values;
  for (int i = 0; i < 300; ++i) values.push_back(std::round(Normal(random, 0, 40)));
  std::string chunk = EncodeChunk(EveryTenSeconds(values.size()), values, ChunkEffort::kFast);
  for (size_t bit = 0; bit < chunk.size() * 8; ++bit) {
    chunk[bit / 8] = static_cast<char>(chunk[bit / 8] ^ (1 << bit % 8));
    SampleColumns columns;
    const absl::Status status = DecodeChunk(chunk, columns);
    EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kDataLoss);
    EXPECT_EQ(columns.size(), columns.values.size());
    EXPECT_LE(columns.size(), kChunkSamplesMax);
    chunk[bit / 8] = static_cast<char>(chunk[bit / 8] ^ (1 << bit % 8));
  }
}

TEST(ChunkCodecTest, CountsTheSamplesFromTheHeaderAlone) {
  const std::vector<double> values(300, 1);
  const std::string chunk = EncodeChunk(EveryTenSeconds(300), values, ChunkEffort::kFast);
  EXPECT_EQ(ChunkSampleCount(chunk).value(), 300u);
  EXPECT_EQ(ChunkSampleCount(chunk.substr(0, 3)).value(), 300u);
  EXPECT_EQ(ChunkSampleCount(chunk.substr(0, 2)).status().code(), absl::StatusCode::kDataLoss);
}

TEST(ChunkCodecTest, OneEncoderAndDecoderServeManyChunksOfAnyKindAndSize) {
  ChunkEncoder encoder;
  ChunkDecoder decoder;
  std::mt19937_64 random(6);
  for (size_t count : {8640, 1, 30, 700, 2, 8640, 5}) {
    for (const ChunkEffort effort : {ChunkEffort::kBest, ChunkEffort::kFast}) {
      std::vector<double> values;
      for (size_t i = 0; i < count; ++i) {
        values.push_back(std::round(Normal(random, 0, 40)) / (count % 3 == 0 ? 100 : 1));
      }
      std::string chunk;
      encoder.Append(EveryTenSeconds(count), values, effort, chunk);
      EXPECT_EQ(chunk, EncodeChunk(EveryTenSeconds(count), values, effort));
      SampleColumns read;
      ASSERT_EQ(decoder.Append(chunk, read), absl::OkStatus());
      EXPECT_EQ(Bits(read.values), Bits(values));
    }
  }
}

TEST(ChunkCodecTest, NamesTheVersionAndTheCountItRefuses) {
  std::string chunk = EncodeChunk({1}, {1}, ChunkEffort::kFast);
  SampleColumns columns;
  chunk[0] = 2;
  EXPECT_THAT(DecodeChunk(chunk, columns).message(), HasSubstr("version 2"));
  const std::string many("\x01\x81\x80\x04", 4);  // 65,537
  EXPECT_THAT(DecodeChunk(many, columns).message(), HasSubstr("65537 samples"));
}

}  // namespace
}  // namespace ora::storage
