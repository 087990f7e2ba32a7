#include "storage/chunk/byte_stream.h"

namespace ora::storage {

void AppendByte(uint8_t value, std::string& bytes) { bytes.push_back(static_cast<char>(value)); }

void AppendVarint(uint64_t value, std::string& bytes) {
  while (value >= 0x80) {
    AppendByte(static_cast<uint8_t>(value | 0x80), bytes);
    value >>= 7;
  }
  AppendByte(static_cast<uint8_t>(value), bytes);
}

void AppendFixed64(uint64_t value, std::string& bytes) {
  for (int shift = 0; shift < 64; shift += 8) {
    AppendByte(static_cast<uint8_t>(value >> shift), bytes);
  }
}

uint8_t ByteReader::Byte() {
  if (rest_.empty()) {
    Break();
    return 0;
  }
  const uint8_t value = static_cast<uint8_t>(rest_[0]);
  rest_.remove_prefix(1);
  return value;
}

uint64_t ByteReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = Byte();
    if (shift == 63 && byte > 1) break;  // More than 64 bits.
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return ok_ ? value : 0;
  }
  Break();
  return 0;
}

uint64_t ByteReader::Fixed64() {
  const absl::string_view word = Bytes(8);
  uint64_t value = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(word[i])) << (8 * i);
  }
  return value;
}

absl::string_view ByteReader::Bytes(uint64_t count) {
  if (count > rest_.size()) {
    Break();
    return {};
  }
  const absl::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

void ByteReader::Break() {
  ok_ = false;
  rest_ = {};
}

}  // namespace ora::storage
