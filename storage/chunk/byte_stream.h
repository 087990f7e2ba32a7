// Bytes, varints and fixed words: written to the end of a string, read with bounds.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace ora::storage {

inline uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
inline int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

void AppendByte(uint8_t value, std::string& bytes);
void AppendVarint(uint64_t value, std::string& bytes);   // 7 bits a byte, lowest first; 1 to 10.
void AppendFixed64(uint64_t value, std::string& bytes);  // Little-endian.
inline size_t VarintSize(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Reads from the front. The first read beyond the end, or an overlong varint, makes it not ok, and
// from then on it gives zeros and empty views.
class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : rest_(bytes) {}

  uint8_t Byte();
  uint64_t Varint();
  uint64_t Fixed64();
  absl::string_view Bytes(uint64_t count);

  absl::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }

 private:
  void Break();

  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace ora::storage
