#include "storage/chunk/bit_packing.h"

#include <gtest/gtest.h>

#include <vector>

namespace ora::storage {
namespace {

class BitPackingTest : public testing::TestWithParam<unsigned> {};

TEST_P(BitPackingTest, GivesBackEveryCountOfValuesAtThisWidth) {
  const unsigned width = GetParam();
  const uint64_t largest = width == 0 ? 0 : ~uint64_t{0} >> (64 - width);
  for (size_t count : {0, 1, 2, 7, 8, 9, 127, 128, 129}) {
    std::vector<uint64_t> values(count, largest);
    for (size_t i = 1; i < count; i += 2) values[i] = i * 0x9e3779b97f4a7c15 & largest;
    std::string packed;
    AppendPacked(values, width, packed);
    EXPECT_EQ(packed.size(), PackedSize(count, width));
    std::vector<uint64_t> unpacked(count, 42);
    Unpack(packed, width, absl::MakeSpan(unpacked));
    EXPECT_EQ(unpacked, values) << count << " values";
  }
}

INSTANTIATE_TEST_SUITE_P(EveryWidth, BitPackingTest, testing::Range(0u, kBitWidthMax + 1));

TEST(BitWidthTest, IsTheNumberOfBitsThatAValueNeeds) {
  EXPECT_EQ(BitWidth(0), 0u);
  EXPECT_EQ(BitWidth(1), 1u);
  EXPECT_EQ(BitWidth(255), 8u);
  EXPECT_EQ(BitWidth(256), 9u);
  EXPECT_EQ(BitWidth(~uint64_t{0}), 64u);
}

}  // namespace
}  // namespace ora::storage
