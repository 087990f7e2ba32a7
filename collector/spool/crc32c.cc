#include "collector/spool/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace ora::collector {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // Bits reversed.
constexpr size_t kSlices = 8;
using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = rest;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t shorter = tables[slice - 1][byte];
      tables[slice][byte] = (shorter >> 8) ^ tables[0][shorter & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint32_t Crc32c(absl::string_view bytes, uint32_t before) {
  uint32_t rest = ~before;
  while (bytes.size() >= kSlices) {
    uint64_t word = 0;  // Little-endian hosts only, as the format is.
    std::memcpy(&word, bytes.data(), sizeof(word));
    word ^= rest;
    rest = 0;
    for (size_t slice = 0; slice < kSlices; ++slice) {
      rest ^= kTables[kSlices - 1 - slice][(word >> (8 * slice)) & 0xff];
    }
    bytes.remove_prefix(kSlices);
  }
  for (const char byte : bytes) {
    rest = (rest >> 8) ^ kTables[0][(rest ^ static_cast<uint8_t>(byte)) & 0xff];
  }
  return ~rest;
}

}  // namespace ora::collector
