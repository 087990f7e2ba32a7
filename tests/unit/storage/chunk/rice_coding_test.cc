#include "storage/chunk/rice_coding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace ora::storage {
namespace {

constexpr uint64_t kHighest = std::numeric_limits<uint64_t>::max();

// The size of the coding, after checking that it reads back, with more behind it.
size_t CodedSize(const std::vector<uint64_t>& values, uint64_t mean) {
  const RicePlan plan = PlanRice(values, mean);
  std::string bytes;
  AppendRice(values, plan, bytes);
  const size_t size = bytes.size();
  EXPECT_LE(size, plan.size + VarintSize(values.size()));
  for (const char* behind : {"", "\xff", "123456789"}) {
    const std::string with_more = bytes + behind;
    ByteReader reader(with_more);
    std::vector<uint64_t> read(values.size(), 42);
    EXPECT_TRUE(ReadRice(reader, absl::MakeSpan(read), read.size()));
    EXPECT_EQ(read, values);
    EXPECT_EQ(reader.rest(), behind);
  }
  return size;
}

TEST(RiceCodingTest, GivesBackAnyNumbersAtAnyMean) {
  std::mt19937_64 random(1);
  for (size_t count : {1, 2, 7, 8, 63, 64, 65, 500}) {
    for (unsigned width = 0; width <= 64; ++width) {
      std::vector<uint64_t> values(count);
      for (uint64_t& value : values) value = width == 0 ? 0 : random() >> (64 - width);
      for (uint64_t mean : {uint64_t{0}, uint64_t{1}, uint64_t{100}, kHighest / 4, kHighest}) {
        CodedSize(values, mean);
      }
    }
  }
}

TEST(RiceCodingTest, TakesABitANumberWhereAllAreZero) {
  EXPECT_EQ(CodedSize(std::vector<uint64_t>(800), 0), 2 + 100u);
}

TEST(RiceCodingTest, ListsWhatIsFarAboveTheOthers) {
  std::vector<uint64_t> values(800, 1);
  const size_t without = CodedSize(values, 1);
  values[0] = kHighest;
  values[400] = 1 << 20;
  values[799] = kHighest;
  EXPECT_LE(CodedSize(values, 1), without + 11 + 5 + 12);
}

TEST(RiceCodingTest, ComesNearTheEntropyOfABellCurve) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> step(0, 100);
  std::vector<uint64_t> values;
  while (values.size() < 8000) {
    values.push_back(ZigZag(static_cast<int64_t>(std::nearbyint(step(random)))));
  }
  EXPECT_LE(CodedSize(values, 160), 8.69 / 8 * 8000 * 1.03);  // log2(100 x sqrt(2 pi e)) = 8.69
}

TEST(RiceCodingTest, RefusesWhatEndsTooEarlyOrPointsBeyondTheEnd) {
  std::string bytes;
  const std::vector<uint64_t> values = {1, 20, 3, kHighest, 2, 9};
  AppendRice(values, PlanRice(values, 8), bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    ByteReader reader(absl::string_view(bytes).substr(0, size));
    std::vector<uint64_t> read(values.size());
    EXPECT_FALSE(ReadRice(reader, absl::MakeSpan(read), read.size())) << size;
  }
  std::vector<uint64_t> read(1);
  for (const absl::string_view damaged :
       {absl::string_view("\x39\x00\x01", 3), absl::string_view("\x00\x02\x00\x00\x00\x00\x01", 7),
        absl::string_view("\x00\x01\x01\x00\x01", 5)}) {  // Low bits; outliers; a gap.
    ByteReader reader(damaged);
    EXPECT_FALSE(ReadRice(reader, absl::MakeSpan(read), read.size()));
  }
}

}  // namespace
}  // namespace ora::storage
