#include "storage/chunk/bit_packing.h"

#include <bit>
#include <cassert>
#include <cstring>

#include "storage/wide_registers.h"

namespace ora::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "words are loaded as they lie in chunks");

// A load of 8 bytes yields at least 57 bits from any bit on.
constexpr unsigned kWordWidthMax = 57;

// The most that fits behind fewer than 8 bits of a word.
constexpr unsigned kPutWidthMax = 56;

uint64_t Mask(unsigned width) { return width >= 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1; }

uint64_t LoadWord(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// Near the end, or where a value may lie across nine bytes.
uint64_t LoadBits(absl::string_view packed, size_t bit, unsigned width) {
  uint64_t value = 0;
  for (unsigned have = 0; have < width;) {
    const uint64_t byte = static_cast<uint8_t>(packed[(bit + have) / 8]);
    const unsigned offset = (bit + have) % 8;
    value |= (byte >> offset) << have;
    have += 8 - offset;
  }
  return value & Mask(width);
}

void AppendOnce(absl::Span<const uint64_t> values, unsigned width, std::string& bytes) {
  if (width == 0) return;
  const size_t end = bytes.size() + PackedSize(values.size(), width);
  const size_t begin = bytes.size();
  bytes.resize(end + sizeof(uint64_t));  // Room for the whole words that are stored.
  char* out = bytes.data() + begin;
  uint64_t pending = 0;
  unsigned pending_bits = 0;  // Always below 8 between values.
  const auto put = [&](uint64_t value, unsigned bits) {
    pending |= value << pending_bits;
    pending_bits += bits;
    std::memcpy(out, &pending, sizeof(pending));
    out += pending_bits / 8;
    pending >>= pending_bits & ~7u;
    pending_bits &= 7;
  };
  const uint64_t mask = Mask(width);
  if (width <= kPutWidthMax) {
    for (uint64_t value : values) put(value & mask, width);
  } else {
    for (uint64_t value : values) {
      put(value & Mask(kPutWidthMax), kPutWidthMax);
      put((value & mask) >> kPutWidthMax, width - kPutWidthMax);
    }
  }
  std::memcpy(out, &pending, sizeof(pending));
  bytes.resize(end);
}

void UnpackOnce(absl::string_view packed, unsigned width, absl::Span<uint64_t> values) {
  assert(width <= kBitWidthMax && packed.size() >= PackedSize(values.size(), width));
  if (width == 0) {
    if (!values.empty()) std::memset(values.data(), 0, values.size() * sizeof(uint64_t));
    return;
  }
  size_t fast = 0;
  if (width <= kWordWidthMax && packed.size() >= 8) {
    // Value i is loaded from byte i * width / 8, which must be at most size - 8.
    fast = ((packed.size() - 8) * 8 + 7) / width + 1;
    if (fast > values.size()) fast = values.size();
  }
  const uint64_t mask = Mask(width);
  const char* const bytes = packed.data();
  uint64_t* const out = values.data();
  size_t bit = 0;
  for (size_t i = 0; i < fast; ++i, bit += width) {
    out[i] = (LoadWord(bytes + (bit >> 3)) >> (bit & 7)) & mask;
  }
  for (size_t i = fast; i < values.size(); ++i, bit += width) {
    out[i] = LoadBits(packed, bit, width);
  }
}

}  // namespace

unsigned BitWidth(uint64_t value) { return static_cast<unsigned>(std::bit_width(value)); }

void AppendPacked(absl::Span<const uint64_t> values, unsigned width, std::string& bytes) {
  CallFastest<AppendOnce>(values, width, bytes);
}

void Unpack(absl::string_view packed, unsigned width, absl::Span<uint64_t> values) {
  CallFastest<UnpackOnce>(packed, width, values);
}

}  // namespace ora::storage
