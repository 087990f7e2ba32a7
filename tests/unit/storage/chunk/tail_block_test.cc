#include "storage/chunk/tail_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace ora::storage {
namespace {

using testing::HasSubstr;

constexpr int64_t kStart = 1'700'000'000'123;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string Encoded(const SampleColumns& samples) {
  std::string block(kTailBlockBytesMax, '\0');
  block.resize(EncodeTailBlock(samples.time_millis, samples.values,
                               reinterpret_cast<uint8_t*>(block.data())));
  return block;
}

std::vector<uint64_t> Bits(const std::vector<double>& values) {
  std::vector<uint64_t> bits;
  for (double value : values) bits.push_back(std::bit_cast<uint64_t>(value));
  return bits;
}

// The size of the block, after checking that all comes back to the bit.
size_t RoundTrip(const SampleColumns& samples) {
  const std::string block = Encoded(samples);
  EXPECT_LE(block.size(), kTailBlockBytesMax);
  SampleColumns read;
  EXPECT_EQ(DecodeTailBlock(block, read), absl::OkStatus());
  EXPECT_EQ(read.time_millis, samples.time_millis);
  EXPECT_EQ(Bits(read.values), Bits(samples.values));
  return block.size();
}

size_t RoundTrip(const std::vector<double>& values) {
  SampleColumns samples;
  samples.values = values;
  for (size_t i = 0; i < values.size(); ++i) {
    samples.time_millis.push_back(kStart + static_cast<int64_t>(i) * 10'000);
  }
  return RoundTrip(samples);
}

struct Kind {
  const char* name;
  double first;
  size_t block_bytes_max;
  std::function<double(std::mt19937_64&, double)> next;  // From the value before.
};

class TailBlockKindTest : public testing::TestWithParam<Kind> {};

TEST_P(TailBlockKindTest, ComesBackToTheBitInItsSizeAtEveryCount) {
  std::mt19937_64 random(7);
  std::vector<double> values{GetParam().first};
  RoundTrip(values);
  while (values.size() < kTailBlockSamplesMax) {
    values.push_back(GetParam().next(random, values.back()));
    EXPECT_LE(RoundTrip(values), GetParam().block_bytes_max) << values.size();
  }
}

double Normal(std::mt19937_64& random, double mean, double deviation) {
  return std::normal_distribution<double>(mean, deviation)(random);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, TailBlockKindTest,
    testing::Values(Kind{"Constant", 0.1, 13, [](auto&, double before) { return before; }},
                    Kind{"Counter", 1e6, 29,
                         [](auto& random, double before) {
                           return before + std::round(Normal(random, 50, 10));
                         }},
                    Kind{"IntegerGauge", 50, 23,
                         [](auto& random, double before) {
                           return before + std::trunc(Normal(random, 0, 1));
                         }},
                    Kind{"PageGauge", 4294967296, 42,
                         [](auto& random, double before) {
                           return before + 4096 * std::round(Normal(random, 0, 148));
                         }},
                    Kind{"TwoDecimals", 50, 36,
                         [](auto& random, double before) {
                           return std::round((before + Normal(random, 0, 1)) * 100) / 100;
                         }},
                    Kind{"AnyDouble", 1.0 / 3, 152,
                         [](auto& random, double) { return std::bit_cast<double>(random()); }}),
    [](const auto& instance) { return instance.param.name; });

TEST(TailBlockTest, KeepsEveryOddFloat) {
  const std::vector<double> odd = {-0.0,
                                   kInfinity,
                                   -kInfinity,
                                   std::bit_cast<double>(kStaleMarkerBits),
                                   std::nan(""),
                                   std::nan("77"),
                                   -std::nan("1"),
                                   std::numeric_limits<double>::denorm_min(),
                                   std::numeric_limits<double>::max(),
                                   std::numeric_limits<double>::lowest(),
                                   2251799813685247.0,
                                   2251799813685248.0,
                                   -2251799813685248.0,
                                   -2251799813685249.0,
                                   9007199254740994.0,
                                   1e300,
                                   -1e300,
                                   1e-9,
                                   1e-10,
                                   1.0 / 3};
  for (double value : odd) {
    RoundTrip({value});
    RoundTrip({value, value, value});
    RoundTrip({1, 2, value, 4});
    RoundTrip({value, 0.01, 0.02, 0.03});
    for (double other : odd) RoundTrip({value, other});
  }
}

TEST(TailBlockTest, KeepsTheOrderOfTimesThatGoBackOrRepeat) {
  RoundTrip({{5, 3, 3, 9, -7}, {1, 2, 3, 4, 5}});
  constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
  constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();
  RoundTrip({{kHighest, kLowest, 0, kHighest, kHighest, -1}, {1, 2, 3, 4, 5, 6}});
  std::mt19937_64 random(4);
  SampleColumns wild;
  while (wild.size() < kTailBlockSamplesMax) {
    wild.time_millis.push_back(static_cast<int64_t>(random()));
    wild.values.push_back(std::bit_cast<double>(random()));
  }
  RoundTrip(wild);
}

TEST(TailBlockTest, TakesAFewBytesForTimesThatJitter) {
  std::mt19937_64 random(5);
  SampleColumns samples;
  for (size_t i = 0; i < kTailBlockSamplesMax; ++i) {
    samples.time_millis.push_back(kStart + static_cast<int64_t>(i * 10'000 + random() % 8));
    samples.values.push_back(1);
  }
  EXPECT_LE(RoundTrip(samples), 24u);
}

TEST(TailBlockTest, FindsTheDecimalPlacesThatAllValuesNeed) {
  EXPECT_LE(RoundTrip({1, 2, 3.5, 3.25, 4.125, 5, 6}), RoundTrip({1, 2, 3, 4, 5, 6, 7}) + 14);
  RoundTrip({0.1, 0.000000001, 123456.000000001, 7});
}

TEST(TailBlockTest, AppendsBehindWhatIsThere) {
  SampleColumns columns{{1}, {0.5}};
  ASSERT_EQ(DecodeTailBlock(Encoded({{3, 2}, {7, 8}}), columns), absl::OkStatus());
  EXPECT_THAT(columns.time_millis, testing::ElementsAre(1, 3, 2));
  EXPECT_THAT(columns.values, testing::ElementsAre(0.5, 7, 8));
}

TEST(TailBlockDeathTest, DiesOfWhatACallerMustNotPass) {
  EXPECT_DEATH(Encoded({{}, {}}), "");
  EXPECT_DEATH(Encoded({{1, 2}, {1}}), "");
  EXPECT_DEATH(Encoded({std::vector<int64_t>(kTailBlockSamplesMax + 1),
                        std::vector<double>(kTailBlockSamplesMax + 1)}),
               "");
}

TEST(TailBlockTest, ReportsEveryTruncationAndChangesNothing) {
  for (const SampleColumns& samples :
       {SampleColumns{{1, 2, 3}, {1, 1, 1}},
        SampleColumns{{1, 2, 4, 9, 20, 21}, {1.5, 2.25, 9, std::nan(""), 8, 1}},
        SampleColumns{{1, 5, 9}, {4096, 8192, 65536}}}) {
    const std::string block = Encoded(samples);
    for (size_t size = 0; size < block.size(); ++size) {
      SampleColumns columns{{1}, {0.5}};
      const absl::Status status = DecodeTailBlock(block.substr(0, size), columns);
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << size;
      EXPECT_EQ(columns.size(), 1u);
      EXPECT_EQ(columns.values.size(), 1u);
    }
    SampleColumns columns;
    EXPECT_EQ(DecodeTailBlock(block + "x", columns).code(), absl::StatusCode::kDataLoss);
  }
}

TEST(TailBlockTest, RefusesMoreThanABlockCanTake) {
  SampleColumns columns;
  const absl::Status status = DecodeTailBlock(std::string(kTailBlockBytesMax + 1, '\0'), columns);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("321 bytes"));
  EXPECT_EQ(DecodeTailBlock(std::string(kTailBlockBytesMax, '\xff'), columns).code(),
            absl::StatusCode::kDataLoss);
}

TEST(TailBlockTest, SurvivesAnyFlippedBit) {
  std::string block = Encoded({{1, 2, 4, 9, 20, 21}, {1.5, 2.25, 9, -1.125, 8, 1}});
  for (size_t bit = 0; bit < block.size() * 8; ++bit) {
    block[bit / 8] = static_cast<char>(block[bit / 8] ^ (1 << bit % 8));
    SampleColumns columns;
    const absl::Status status = DecodeTailBlock(block, columns);
    EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kDataLoss);
    EXPECT_EQ(columns.size(), columns.values.size());
    EXPECT_LE(columns.size(), kTailBlockSamplesMax);
    block[bit / 8] = static_cast<char>(block[bit / 8] ^ (1 << bit % 8));
  }
}

}  // namespace
}  // namespace ora::storage
