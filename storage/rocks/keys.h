// Keys of the database's rows. Numbers are big endian, so that rows sort as their numbers do; keys
// of what belongs to a host begin with its slot. See ../FORMAT.md.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace ora::storage {

// Where an instance's series, marks and sessions live.
using Slot = uint16_t;
inline constexpr uint32_t kSlots = 4096;

// A series within its shard: 1 for the first. Dense, since postings are bitmaps of it.
using SeriesId = uint32_t;

// Days since the epoch.
using Day = int32_t;
inline constexpr int64_t kDayMillis = 86'400'000;

// Fixed for ever: the upper 16 bits of the CRC-32C of the instance's bytes, modulo 4096.
Slot SlotOf(absl::string_view instance);

Day DayOf(int64_t time_millis);
inline int64_t StartOf(Day day) { return int64_t{day} * kDayMillis; }

struct SeriesKey {
  Slot slot = 0;
  SeriesId id = 0;

  std::string Encode() const;
  static absl::optional<SeriesKey> Decode(absl::string_view key);
};

struct BatchKey {
  uint64_t log_number = 0;  // 1 for the shard's first batch record, then one higher each.

  std::string Encode() const;
  static absl::optional<BatchKey> Decode(absl::string_view key);
};

// How much of time a row of a partition's values stands for.
enum class Resolution : uint8_t { kRaw, kFiveMinutes, kOneHour };
inline constexpr Resolution kResolutions[] = {Resolution::kRaw, Resolution::kFiveMinutes,
                                              Resolution::kOneHour};

// "raw", "5m", "1h".
absl::string_view NameOf(Resolution resolution);

// Days that one partition covers: 1, 8, 64. Fixed for ever.
Day DaysOf(Resolution resolution);

// The first day of the partition that `day` lies in: a multiple of DaysOf, before the epoch too.
Day FirstDayOf(Resolution resolution, Day day);

// Samples of one resolution, retention rule and stretch of days. They go together.
struct PartitionId {
  Resolution resolution = Resolution::kRaw;
  std::string rule;   // The name of a retention rule, or "default".
  Day first_day = 0;  // As FirstDayOf gives it.

  // Such as "raw.default.20415", "5m.debug.20408".
  std::string Name() const;
  // Absent: not a name that Name() gives.
  static absl::optional<PartitionId> Parse(absl::string_view name);

  Day end_day() const { return first_day + DaysOf(resolution); }  // The first one after it.

  // By resolution, rule and day.
  friend auto operator<=>(const PartitionId&, const PartitionId&) = default;
};

// A row of a raw partition.
struct ChunkKey {
  Slot slot = 0;
  SeriesId id = 0;
  uint32_t first_offset_millis = 0;  // Of the chunk's first and last sample, from the day's start.
  uint32_t last_offset_millis = 0;
  uint32_t seal_number = 0;  // Which sealing wrote it: the higher one was written later.

  std::string Encode() const;
  static absl::optional<ChunkKey> Decode(absl::string_view key);

  // Where the rows of a series begin. The end is where those of the next id do.
  static std::string PrefixOf(Slot slot, SeriesId id);
};

// A row of a downsampled partition: one a series and day.
struct TierKey {
  Slot slot = 0;
  SeriesId id = 0;
  Day day = 0;

  std::string Encode() const;
  static absl::optional<TierKey> Decode(absl::string_view key);

  // Where the rows of a series begin.
  static std::string PrefixOf(Slot slot, SeriesId id);
};

struct MarkKey {
  Slot slot = 0;
  std::string collector_id;
  uint64_t incarnation = 0;

  std::string Encode() const;
  static absl::optional<MarkKey> Decode(absl::string_view key);
};

// `kind` holds no NUL.
std::string StateKey(absl::string_view kind, absl::string_view key);

}  // namespace ora::storage
