#include "storage/chunk/integer_column.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace ora::storage {
namespace {

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();

// The size of the coding, after checking that it reads back.
size_t CodedSize(const std::vector<int64_t>& values, ChunkEffort effort) {
  EncodeScratch encode;
  DecodeScratch decode;
  std::string bytes;
  AppendIntegers(values, effort, encode, bytes);
  std::vector<int64_t> read(values.size());
  ByteReader reader(bytes);
  EXPECT_TRUE(ReadIntegers(reader, decode, absl::MakeSpan(read)));
  EXPECT_EQ(read, values);
  EXPECT_TRUE(reader.rest().empty());
  return bytes.size();
}

// The larger of both efforts' sizes.
size_t CodedSize(const std::vector<int64_t>& values) {
  const size_t fast = CodedSize(values, ChunkEffort::kFast);
  return std::max(fast, CodedSize(values, ChunkEffort::kBest));
}

TEST(IntegerColumnTest, GivesBackTheExtremesWhoseDifferencesWrapAround) {
  CodedSize({kLowest});
  CodedSize({kHighest});
  CodedSize({kLowest, kHighest});
  CodedSize({kHighest, kLowest, kHighest, 0, -1, 1, kLowest});
}

TEST(IntegerColumnTest, TakesAFewBytesForAConstantASlopeAndAParabola) {
  std::vector<int64_t> constant(1000, -7), slope, parabola;
  for (int64_t i = 0; i < 1000; ++i) {
    slope.push_back(i * 15 - 4000);
    parabola.push_back(i * i);
  }
  EXPECT_LE(CodedSize(constant), 4u);
  EXPECT_LE(CodedSize(slope), 5u);
  EXPECT_LE(CodedSize(parabola), 5u);
}

TEST(IntegerColumnTest, TakesOutACommonFactor) {
  std::mt19937_64 random(1);
  std::vector<int64_t> pages;
  for (int i = 0; i < 1280; ++i) {
    pages.push_back((int64_t{1} << 40) + 4096 * static_cast<int64_t>(random() % 16));
  }
  EXPECT_LE(CodedSize(pages), 1280 / 2 + 64u);
}

TEST(IntegerColumnTest, CodesABellCurveBelowTheWidthOfItsRange) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> step(50, 10);
  std::vector<int64_t> counter{0};
  while (counter.size() < 8640) {
    counter.push_back(counter.back() + static_cast<int64_t>(step(random)));
  }
  EXPECT_LE(CodedSize(counter), 8640 * 0.70);  // The entropy of a step is 5.37 bits.
}

TEST(IntegerColumnTest, KeepsAnOutlierFromWideningOtherFrames) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < 1280; ++i) values.push_back(i % 2);
  const size_t without = CodedSize(values);
  values[640] = kHighest;
  EXPECT_LE(CodedSize(values), without + 1280 / 8 * 8);
}

TEST(IntegerColumnTest, ListsOutliersOfABellCurveForAFewBytesEach) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> step(0, 100);
  std::vector<int64_t> values;
  while (values.size() < 8640) values.push_back(static_cast<int64_t>(step(random)));
  const size_t without = CodedSize(values);
  for (size_t i = 100; i < values.size(); i += 1000) values[i] = kHighest - static_cast<int64_t>(i);
  EXPECT_LE(CodedSize(values), without + 9 * 20);
}

TEST(IntegerColumnTest, TakesNextToNothingForACounterThatHardlyMoves) {
  std::vector<int64_t> counter(8640, 1000);
  for (size_t i = 1; i < counter.size(); ++i) counter[i] = counter[i - 1] + (i % 700 == 0);
  EXPECT_LE(CodedSize(counter, ChunkEffort::kBest), 250u);
  EXPECT_LE(CodedSize(counter, ChunkEffort::kFast), 500u);
}

TEST(IntegerColumnTest, TakesOutAnyFactorOfNegativeAndPositiveSteps) {
  std::mt19937_64 random(4);
  for (int64_t factor : {3, 10, 48, 1000, 86'400'000}) {
    std::vector<int64_t> values;
    for (int i = 0; i < 1000; ++i) {
      values.push_back(7 + factor * (static_cast<int64_t>(random() % 16) - 8));
    }
    EXPECT_LE(CodedSize(values), 500 + 60u) << factor;
  }
}

TEST(IntegerColumnTest, RefusesAnOrderWithoutEnoughValues) {
  EncodeScratch encode;
  DecodeScratch decode;
  std::string bytes;
  AppendIntegers(std::vector<int64_t>{1, 2}, ChunkEffort::kBest, encode, bytes);  // Order 1.
  std::vector<int64_t> one(1);
  ByteReader reader(bytes);
  EXPECT_FALSE(ReadIntegers(reader, decode, absl::MakeSpan(one)));
}

}  // namespace
}  // namespace ora::storage
