// A few known words, and what each means: looked up without a comparison of strings.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace ora::collector {

enum class WordCase { kExact, kAny };

// The first and the last 8 bytes of a word (all of it in `first`, if it is shorter): of a word of
// up to 16 bytes, that is all there is to know.
struct WordKey {
  uint64_t first = 0;
  uint64_t last = 0;
  size_t size = 0;

  bool operator==(const WordKey&) const = default;
};

template <size_t kBytes>
constexpr uint64_t LoadLittle(const char* from) {
  if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
    uint64_t value = 0;
    memcpy(&value, from, kBytes);
    return value;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < kBytes; ++i) {
    value |= uint64_t{static_cast<uint8_t>(from[i])} << (8 * i);
  }
  return value;
}

// With kAny letters are taken in lower case. Other bytes may be changed too, but no byte that is no
// letter becomes one, so that words of letters are told from all others.
template <WordCase kCase>
constexpr WordKey KeyOf(absl::string_view word) {
  const char* const at = word.data();
  const size_t size = word.size();
  constexpr uint64_t kLower = kCase == WordCase::kAny ? 0x2020202020202020 : 0;
  if (size >= 8) {
    return {LoadLittle<8>(at) | kLower, LoadLittle<8>(at + size - 8) | kLower, size};
  }
  uint64_t bytes = 0;
  if (size >= 4) {
    bytes = LoadLittle<4>(at) | LoadLittle<4>(at + size - 4) << (8 * (size - 4));
  } else if (size >= 2) {
    bytes = LoadLittle<2>(at) | LoadLittle<2>(at + size - 2) << (8 * (size - 2));
  } else if (size == 1) {
    bytes = LoadLittle<1>(at);
  } else {
    return {};
  }
  return {bytes | kLower >> (8 * (8 - size)), 0, size};
}

template <typename Value>
struct KnownWord {
  absl::string_view name;  // With kAny in lower case.
  Value value;
};

// Built while the program is compiled.
template <typename Value, size_t kCount, WordCase kCase = WordCase::kExact>
class WordTable {
 public:
  explicit constexpr WordTable(const std::array<KnownWord<Value>, kCount>& words) {
    for (const KnownWord<Value>& word : words) {
      sizes_[FirstOf(word.name)] |= SizeBit(word.name);
      const WordKey key = KeyOf<kCase>(word.name);
      size_t slot = SlotOf(key);
      while (slots_[slot].key.size > 0) slot = (slot + 1) % kSlots;
      slots_[slot] = {key, word.name, word.value};
    }
  }

  // What `word` means; null if it is none of the known ones.
  const Value* Find(absl::string_view word) const {
    if (word.empty() || (sizes_[FirstOf(word)] & SizeBit(word)) == 0) return nullptr;
    const WordKey key = KeyOf<kCase>(word);
    for (size_t slot = SlotOf(key); slots_[slot].key.size > 0; slot = (slot + 1) % kSlots) {
      const Slot& known = slots_[slot];
      if (known.key != key) continue;
      // Of a longer word the middle is still to be compared; such words are told exactly.
      if (key.size > 16 && word != known.name) continue;
      return &known.value;
    }
    return nullptr;
  }

 private:
  struct Slot {
    WordKey key;
    absl::string_view name;
    Value value{};
  };

  static constexpr size_t kSlots = std::bit_ceil(kCount * 4);

  static constexpr size_t SlotOf(const WordKey& key) {
    constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;
    const uint64_t mixed = (key.first ^ std::rotl(key.last, 23) ^ key.size) * kOdd;
    return static_cast<size_t>(mixed >> 40) % kSlots;
  }

  // Of letters the same in both cases.
  static constexpr size_t FirstOf(absl::string_view word) {
    return static_cast<uint8_t>(word[0]) % kFirsts;
  }
  static constexpr uint32_t SizeBit(absl::string_view word) {
    return uint32_t{1} << (word.size() < kSizes ? word.size() : kSizes - 1);
  }

  static constexpr size_t kFirsts = 32;
  static constexpr size_t kSizes = 32;
  std::array<uint32_t, kFirsts> sizes_{};  // Which sizes words with such a first byte have.
  std::array<Slot, kSlots> slots_{};
};

}  // namespace ora::collector
