#include "storage/rocks/keys.h"

#include <utility>

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
constexpr size_t kChunkKeyBytes = sizeof(Slot) + 5 * sizeof(uint32_t);
constexpr size_t kMarkKeyBytesMin = sizeof(Slot) + sizeof(uint64_t);

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

std::string ChunkKey::Encode() const {
  return KeyWriter()
      .Put(slot)
      .Put(Biased(day))
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
  decoded.day = static_cast<Day>(reader.Take<uint32_t>() ^ kSignBit);
  decoded.id = reader.Take<SeriesId>();
  decoded.first_offset_millis = reader.Take<uint32_t>();
  decoded.last_offset_millis = reader.Take<uint32_t>();
  decoded.seal_number = reader.Take<uint32_t>();
  return decoded;
}

std::string ChunkKey::PrefixOf(Slot slot, Day day, SeriesId id) {
  return KeyWriter().Put(slot).Put(Biased(day)).Put(id).Finish();
}

std::string ChunkKey::PrefixOf(Slot slot, Day day) {
  return KeyWriter().Put(slot).Put(Biased(day)).Finish();
}

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
