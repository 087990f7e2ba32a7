#include "storage/chunk/value_column.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

#include "storage/chunk/decimal_scale.h"
#include "storage/chunk/xor_coding.h"

namespace ora::storage {
namespace {

enum class ValueCoding : uint8_t { kConstant = 0, kPlain = 1, kDecimal = 2, kXor = 3 };

// Differences in bits need about half of a float64 at the least, where the values differ at all:
// decimals below this many bytes a value are not worth another attempt.
constexpr size_t kGoodDecimalBytes = 3;

bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

}  // namespace

void AppendValues(absl::Span<const double> values, ChunkEffort effort, EncodeScratch& scratch,
                  std::string& bytes) {
  if (std::all_of(values.begin(), values.end(),
                  [&](double value) { return SameBits(value, values[0]); })) {
    AppendByte(static_cast<uint8_t>(ValueCoding::kConstant), bytes);
    AppendFixed64(std::bit_cast<uint64_t>(values[0]), bytes);
    return;
  }
  const size_t plain_size = values.size() * sizeof(double);
  const size_t at = bytes.size();
  size_t size = plain_size;
  if (const std::optional<unsigned> exponent = ScaleDecimals(values, scratch);
      exponent.has_value()) {
    AppendByte(static_cast<uint8_t>(ValueCoding::kDecimal), bytes);
    AppendScaled(values, *exponent, effort, scratch, bytes);
    size = bytes.size() - at - 1;
    if (size <= values.size() * kGoodDecimalBytes) return;
  }
  if (const size_t xor_size = XorSize(values); xor_size < std::min(size, plain_size)) {
    bytes.resize(at);
    AppendByte(static_cast<uint8_t>(ValueCoding::kXor), bytes);
    AppendXor(values, bytes);
  } else if (size >= plain_size) {
    bytes.resize(at);
    AppendByte(static_cast<uint8_t>(ValueCoding::kPlain), bytes);
    bytes.append(reinterpret_cast<const char*>(values.data()), plain_size);
  }
}

bool ReadValues(ByteReader& reader, DecodeScratch& scratch, absl::Span<double> values) {
  const uint8_t coding = reader.Byte();
  if (!reader.ok()) return false;
  switch (static_cast<ValueCoding>(coding)) {
    case ValueCoding::kConstant: {
      const double value = std::bit_cast<double>(reader.Fixed64());
      std::fill(values.begin(), values.end(), value);
      return reader.ok();
    }
    case ValueCoding::kPlain: {
      const absl::string_view plain = reader.Bytes(values.size() * sizeof(double));
      if (!reader.ok()) return false;
      std::memcpy(values.data(), plain.data(), plain.size());
      return true;
    }
    case ValueCoding::kDecimal:
      return ReadScaled(reader, scratch, values);
    case ValueCoding::kXor:
      return ReadXor(reader, values);
  }
  return false;
}

}  // namespace ora::storage
