// Keys of the database's rows. Numbers are big endian, so that rows sort as their numbers do; keys
// of what belongs to a host begin with its slot. See ../FORMAT.md.
#pragma once

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

// Days since the epoch: the partition of samples.
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

struct ChunkKey {
  Slot slot = 0;
  Day day = 0;
  SeriesId id = 0;
  uint32_t first_offset_millis = 0;  // Of the chunk's first and last sample, from the day's start.
  uint32_t last_offset_millis = 0;
  uint32_t seal_number = 0;  // Which sealing wrote it: the higher one was written later.

  std::string Encode() const;
  static absl::optional<ChunkKey> Decode(absl::string_view key);

  // Where the chunks of a series and day begin; those of a slot and day.
  static std::string PrefixOf(Slot slot, Day day, SeriesId id);
  static std::string PrefixOf(Slot slot, Day day);
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
