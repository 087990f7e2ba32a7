#include "storage/chunk/integer_column.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace ora::storage {
namespace {

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();

// The size of the coding, after checking that it reads back.
size_t CodedSize(const std::vector<int64_t>& values) {
  std::string bytes;
  AppendIntegers(values, bytes);
  std::vector<int64_t> read(values.size());
  ByteReader reader(bytes);
  EXPECT_TRUE(ReadIntegers(reader, absl::MakeSpan(read)));
  EXPECT_EQ(read, values);
  EXPECT_TRUE(reader.rest().empty());
  return bytes.size();
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

TEST(IntegerColumnTest, RefusesAnOrderWithoutEnoughValues) {
  std::string bytes;
  AppendIntegers(std::vector<int64_t>{1, 2}, bytes);  // A slope: order 1.
  std::vector<int64_t> one(1);
  ByteReader reader(bytes);
  EXPECT_FALSE(ReadIntegers(reader, absl::MakeSpan(one)));
}

}  // namespace
}  // namespace ora::storage
