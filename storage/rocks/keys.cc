#include "storage/rocks/keys.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "storage/env/crc32c.h"

namespace ora::storage {
namespace {

constexpr uint32_t kSignBit = 0x80000000;  // Flipped, so that days before the epoch sort first.

class KeyWriter {
 public:
  template <typename Number>
  KeyWriter& Put(Number number) {
    for (int shift = 8 * (static_cast<int>(sizeof(Number)) - 1); shift >= 0; shift -= 8) {
      key_.push_back(static_cast<char>(number >> shift));
    }
    return *this;
  }
  KeyWriter& Put(absl::string_view text) {
    key_.append(text.data(), text.size());
    return *this;
  }
  std::string Finish() { return std::move(key_); }

 private:
  std::string key_;
};

// The caller has checked that the key is long enough.
class KeyReader {
 public:
  explicit KeyReader(absl::string_view key) : key_(key) {}

  template <typename Number>
  Number Take() {
    Number number = 0;
    for (size_t i = 0; i < sizeof(Number); ++i) {
      number = static_cast<Number>((uint64_t{number} << 8) | static_cast<uint8_t>(key_[i]));
    }
    key_.remove_prefix(sizeof(Number));
    return number;
  }
  absl::string_view Take(size_t bytes) {
    const absl::string_view text = key_.substr(0, bytes);
    key_.remove_prefix(bytes);
    return text;
  }

 private:
  absl::string_view key_;
};

uint32_t Biased(Day day) { return static_cast<uint32_t>(day) ^ kSignBit; }

constexpr size_t kSeriesKeyBytes = sizeof(Slot) + sizeof(SeriesId);
constexpr size_t kChunkKeyBytes = sizeof(Slot) + 4 * sizeof(uint32_t);
constexpr size_t kTierKeyBytes = sizeof(Slot) + 2 * sizeof(uint32_t);
constexpr size_t kMarkKeyBytesMin = sizeof(Slot) + sizeof(uint64_t);

struct ResolutionTraits {
  absl::string_view name;
  Day days;
};
constexpr ResolutionTraits kTraits[] = {{"raw", 1}, {"5m", 8}, {"1h", 64}};
static_assert(std::size(kTraits) == std::size(kResolutions));

const ResolutionTraits& TraitsOf(Resolution resolution) {
  return kTraits[static_cast<size_t>(resolution)];
}

std::string SeriesPrefix(Slot slot, SeriesId id) { return KeyWriter().Put(slot).Put(id).Finish(); }

}  // namespace

Slot SlotOf(absl::string_view instance) {
  return static_cast<Slot>((Crc32c(instance) >> 16) % kSlots);
}

Day DayOf(int64_t time_millis) {
  const int64_t day = time_millis / kDayMillis;
  return static_cast<Day>(time_millis % kDayMillis < 0 ? day - 1 : day);
}

std::string SeriesKey::Encode() const { return KeyWriter().Put(slot).Put(id).Finish(); }

absl::optional<SeriesKey> SeriesKey::Decode(absl::string_view key) {
  if (key.size() != kSeriesKeyBytes) return absl::nullopt;
  KeyReader reader(key);
  SeriesKey decoded;
  decoded.slot = reader.Take<Slot>();
  decoded.id = reader.Take<SeriesId>();
  return decoded;
}

std::string BatchKey::Encode() const { return KeyWriter().Put(log_number).Finish(); }

absl::optional<BatchKey> BatchKey::Decode(absl::string_view key) {
  if (key.size() != sizeof(uint64_t)) return absl::nullopt;
  return BatchKey{.log_number = KeyReader(key).Take<uint64_t>()};
}

absl::string_view NameOf(Resolution resolution) { return TraitsOf(resolution).name; }

Day DaysOf(Resolution resolution) { return TraitsOf(resolution).days; }

Day FirstDayOf(Resolution resolution, Day day) {
  const Day days = DaysOf(resolution);
  const Day over = day % days;
  return day - (over < 0 ? over + days : over);
}

std::string PartitionId::Name() const {
  return absl::StrCat(NameOf(resolution), ".", rule, ".", first_day);
}

absl::optional<PartitionId> PartitionId::Parse(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '.');
  if (parts.size() != 3) return absl::nullopt;
  for (const Resolution resolution : kResolutions) {
    if (parts[0] != NameOf(resolution)) continue;
    PartitionId id{.resolution = resolution, .rule = std::string(parts[1])};
    const bool canonical = absl::SimpleAtoi(parts[2], &id.first_day) && !id.rule.empty() &&
                           id.Name() == name &&
                           FirstDayOf(resolution, id.first_day) == id.first_day;
    if (canonical) return id;
  }
  return absl::nullopt;
}

std::string ChunkKey::Encode() const {
  return KeyWriter()
      .Put(slot)
      .Put(id)
      .Put(first_offset_millis)
      .Put(last_offset_millis)
      .Put(seal_number)
      .Finish();
}

absl::optional<ChunkKey> ChunkKey::Decode(absl::string_view key) {
  if (key.size() != kChunkKeyBytes) return absl::nullopt;
  KeyReader reader(key);
  ChunkKey decoded;
  decoded.slot = reader.Take<Slot>();
  decoded.id = reader.Take<SeriesId>();
  decoded.first_offset_millis = reader.Take<uint32_t>();
  decoded.last_offset_millis = reader.Take<uint32_t>();
  decoded.seal_number = reader.Take<uint32_t>();
  return decoded;
}

std::string ChunkKey::PrefixOf(Slot slot, SeriesId id) { return SeriesPrefix(slot, id); }

std::string TierKey::Encode() const {
  return KeyWriter().Put(slot).Put(id).Put(Biased(day)).Finish();
}

absl::optional<TierKey> TierKey::Decode(absl::string_view key) {
  if (key.size() != kTierKeyBytes) return absl::nullopt;
  KeyReader reader(key);
  TierKey decoded;
  decoded.slot = reader.Take<Slot>();
  decoded.id = reader.Take<SeriesId>();
  decoded.day = static_cast<Day>(reader.Take<uint32_t>() ^ kSignBit);
  return decoded;
}

std::string TierKey::PrefixOf(Slot slot, SeriesId id) { return SeriesPrefix(slot, id); }

std::string MarkKey::Encode() const {
  return KeyWriter().Put(slot).Put(absl::string_view(collector_id)).Put(incarnation).Finish();
}

absl::optional<MarkKey> MarkKey::Decode(absl::string_view key) {
  if (key.size() < kMarkKeyBytesMin) return absl::nullopt;
  KeyReader reader(key);
  MarkKey decoded;
  decoded.slot = reader.Take<Slot>();
  decoded.collector_id = std::string(reader.Take(key.size() - kMarkKeyBytesMin));
  decoded.incarnation = reader.Take<uint64_t>();
  return decoded;
}

std::string StateKey(absl::string_view kind, absl::string_view key) {
  return KeyWriter().Put(kind).Put(static_cast<uint8_t>(0)).Put(key).Finish();
}

}  // namespace ora::storage
