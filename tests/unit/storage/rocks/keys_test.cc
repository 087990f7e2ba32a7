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
  const ChunkKey early{.slot = 1, .id = 2, .first_offset_millis = 5};
  const ChunkKey late{.slot = 1,
                      .id = 2,
                      .first_offset_millis = 256,
                      .last_offset_millis = 86'399'999,
                      .seal_number = 77};
  EXPECT_LT(early.Encode(), late.Encode());
  const auto decoded = ChunkKey::Decode(late.Encode());
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->Encode(), late.Encode());
  EXPECT_EQ(decoded->id, 2u);
  EXPECT_EQ(decoded->first_offset_millis, 256u);
  EXPECT_EQ(decoded->last_offset_millis, 86'399'999u);
  EXPECT_EQ(decoded->seal_number, 77u);
  EXPECT_EQ(late.Encode().rfind(ChunkKey::PrefixOf(1, 2), 0), 0u);
  EXPECT_FALSE(ChunkKey::Decode("short").has_value());
}

TEST(KeysTest, TierKeysComeBackAndSortByTheirDaysBeforeTheEpochToo) {
  const TierKey early{.slot = 1, .id = 2, .day = -1};
  const TierKey late{.slot = 1, .id = 2, .day = 20'000};
  EXPECT_LT(early.Encode(), late.Encode());
  EXPECT_EQ(TierKey::Decode(early.Encode())->day, -1);
  EXPECT_EQ(TierKey::Decode(late.Encode())->day, 20'000);
  EXPECT_EQ(TierKey::Decode(late.Encode())->slot, 1);
  EXPECT_EQ(TierKey::Decode(late.Encode())->id, 2u);
  EXPECT_EQ(late.Encode().rfind(TierKey::PrefixOf(1, 2), 0), 0u);
  EXPECT_FALSE(TierKey::Decode("short").has_value());
}

TEST(PartitionIdTest, ADayLiesInThePartitionThatBeginsAtOrBeforeIt) {
  EXPECT_EQ(FirstDayOf(Resolution::kRaw, 20'415), 20'415);
  EXPECT_EQ(FirstDayOf(Resolution::kFiveMinutes, 20'415), 20'408);
  EXPECT_EQ(FirstDayOf(Resolution::kFiveMinutes, 20'408), 20'408);
  EXPECT_EQ(FirstDayOf(Resolution::kOneHour, 20'415), 20'352);
  EXPECT_EQ(FirstDayOf(Resolution::kOneHour, -1), -64);
  EXPECT_EQ(FirstDayOf(Resolution::kOneHour, -64), -64);
  EXPECT_EQ(FirstDayOf(Resolution::kOneHour, -65), -128);
}

TEST(PartitionIdTest, NamesComeBack) {
  for (const PartitionId& id : {PartitionId{Resolution::kRaw, "default", 20'415},
                                PartitionId{Resolution::kFiveMinutes, "a_9", 20'408},
                                PartitionId{Resolution::kOneHour, "debug", -64}}) {
    const auto parsed = PartitionId::Parse(id.Name());
    ASSERT_TRUE(parsed.has_value()) << id.Name();
    EXPECT_EQ(*parsed, id) << id.Name();
  }
  EXPECT_EQ((PartitionId{Resolution::kRaw, "default", 20'415}.Name()), "raw.default.20415");
  EXPECT_EQ((PartitionId{Resolution::kFiveMinutes, "default", 20'408}.Name()), "5m.default.20408");
  EXPECT_EQ((PartitionId{Resolution::kOneHour, "debug", 20'352}.Name()), "1h.debug.20352");
  EXPECT_EQ((PartitionId{Resolution::kOneHour, "debug", 20'352}.end_day()), 20'416);
}

TEST(PartitionIdTest, OtherNamesAreNoPartitions) {
  for (const char* name :
       {"", "chunks", "raw", "raw.default", "raw..20415", "raw.default.", "raw.default.x",
        "raw.default.020415", "raw.default.20415.1", "raw.default. 20415", "2m.default.20408",
        "5m.default.20409", "1h.debug.20351", "raw.default.99999999999"}) {
    EXPECT_FALSE(PartitionId::Parse(name).has_value()) << name;
  }
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
