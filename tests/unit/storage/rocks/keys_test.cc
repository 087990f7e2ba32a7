#include "storage/rocks/keys.h"

#include <gtest/gtest.h>

#include "storage/env/crc32c.h"

namespace ora::storage {
namespace {

TEST(Crc32cTest, IsTheOneOfTheStandards) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
}

TEST(SlotTest, NeverChanges) {
  EXPECT_EQ(SlotOf("123456789"), 0xE306 % 4096);
  EXPECT_EQ(SlotOf(""), 0);
  EXPECT_EQ(SlotOf("host-1"), 3987);
  EXPECT_EQ(SlotOf("db.example.org"), 3357);
}

TEST(DayTest, RoundsDownOnBothSidesOfTheEpoch) {
  EXPECT_EQ(DayOf(0), 0);
  EXPECT_EQ(DayOf(kDayMillis - 1), 0);
  EXPECT_EQ(DayOf(kDayMillis), 1);
  EXPECT_EQ(DayOf(-1), -1);
  EXPECT_EQ(DayOf(-kDayMillis), -1);
  EXPECT_EQ(DayOf(-kDayMillis - 1), -2);
}

TEST(KeysTest, ChunkKeysComeBackAndSortByTheirNumbers) {
  const ChunkKey early{.slot = 1, .day = -1, .id = 9, .first_offset_millis = 5};
  const ChunkKey late{.slot = 1,
                      .day = 20'000,
                      .id = 2,
                      .first_offset_millis = 1,
                      .last_offset_millis = 86'399'999,
                      .seal_number = 77};
  EXPECT_LT(early.Encode(), late.Encode());
  const auto decoded = ChunkKey::Decode(late.Encode());
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->Encode(), late.Encode());
  EXPECT_EQ(decoded->day, 20'000);
  EXPECT_EQ(decoded->last_offset_millis, 86'399'999u);
  EXPECT_EQ(decoded->seal_number, 77u);
  EXPECT_EQ(late.Encode().rfind(ChunkKey::PrefixOf(1, 20'000, 2), 0), 0u);
  EXPECT_FALSE(ChunkKey::Decode("short").has_value());
}

TEST(KeysTest, MarkKeysOfDifferentSendersDiffer) {
  const MarkKey key{4095, "collector", 258};
  const auto decoded = MarkKey::Decode(key.Encode());
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->slot, 4095);
  EXPECT_EQ(decoded->collector_id, "collector");
  EXPECT_EQ(decoded->incarnation, 258u);
  EXPECT_FALSE(MarkKey::Decode("x").has_value());
}

}  // namespace
}  // namespace ora::storage
