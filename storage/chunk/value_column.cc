#include "storage/chunk/value_column.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

#include "storage/chunk/decimal_scale.h"
#include "storage/chunk/integer_column.h"
#include "storage/chunk/xor_coding.h"

namespace ora::storage {
namespace {

enum class ValueCoding : uint8_t { kConstant = 0, kPlain = 1, kDecimal = 2, kXor = 3, kBits = 4 };

// Decimals below this many bytes a value are not worth another attempt: where values differ at
// all, the others hardly get there.
constexpr size_t kGoodDecimalBytes = 3;

bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

// Its own inverse: the bits of a float64, so that larger ones have larger numbers, and neighbours
// differ by one. Values that move little or smoothly have small differences.
int64_t Ordered(int64_t bits) {
  return bits ^ ((bits >> 63) & std::numeric_limits<int64_t>::max());
}

void AppendBits(absl::Span<const double> values, ChunkEffort effort, EncodeScratch& scratch,
                std::string& bytes) {
  scratch.scaled.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    scratch.scaled[i] = Ordered(std::bit_cast<int64_t>(values[i]));
  }
  AppendIntegers(scratch.scaled, effort, scratch, bytes);
}

bool ReadBits(ByteReader& reader, DecodeScratch& scratch, absl::Span<double> values, size_t total) {
  if (scratch.scaled.size() < values.size()) scratch.scaled.resize(values.size());
  if (!ReadIntegers(reader, scratch, absl::MakeSpan(scratch.scaled.data(), values.size()), total)) {
    return false;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = std::bit_cast<double>(Ordered(scratch.scaled[i]));
  }
  return true;
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
  const size_t xor_size = XorSize(values);
  // Where every bit changes from one to the next, only an entropy coder may still find a little.
  if (effort == ChunkEffort::kBest || xor_size < plain_size) {
    std::string& other = scratch.other;
    other.assign(1, static_cast<char>(ValueCoding::kBits));
    AppendBits(values, effort, scratch, other);
    if (other.size() - 1 < size) {
      bytes.replace(at, std::string::npos, other);
      size = other.size() - 1;
    }
  }
  if (xor_size < size) {
    bytes.resize(at);
    AppendByte(static_cast<uint8_t>(ValueCoding::kXor), bytes);
    AppendXor(values, bytes);
  } else if (size >= plain_size) {
    bytes.resize(at);
    AppendByte(static_cast<uint8_t>(ValueCoding::kPlain), bytes);
    bytes.append(reinterpret_cast<const char*>(values.data()), plain_size);
  }
}

bool ReadValues(ByteReader& reader, DecodeScratch& scratch, absl::Span<double> values,
                size_t total) {
  const uint8_t coding = reader.Byte();
  if (!reader.ok()) return false;
  switch (static_cast<ValueCoding>(coding)) {
    case ValueCoding::kConstant: {
      const double value = std::bit_cast<double>(reader.Fixed64());
      std::fill(values.begin(), values.end(), value);
      return reader.ok();
    }
    case ValueCoding::kPlain: {
      const absl::string_view plain = reader.Bytes(total * sizeof(double));
      if (!reader.ok()) return false;
      std::memcpy(values.data(), plain.data(), values.size() * sizeof(double));
      return true;
    }
    case ValueCoding::kDecimal:
      return ReadScaled(reader, scratch, values, total);
    case ValueCoding::kXor:
      return ReadXor(reader, values, total);
    case ValueCoding::kBits:
      return ReadBits(reader, scratch, values, total);
  }
  return false;
}

StoredValues ReadValuesAsStored(ByteReader& reader, DecodeScratch& scratch,
                                absl::Span<double> values) {
  ByteReader ahead = reader;
  switch (static_cast<ValueCoding>(ahead.Byte())) {
    case ValueCoding::kConstant:
      if (!ReadValues(reader, scratch, values.subspan(0, 1))) return {};
      return {StoredValues::kConstant};
    case ValueCoding::kDecimal:
      if (const std::optional<unsigned> exponent = ReadWholes(ahead, scratch, values.size())) {
        reader = ahead;
        return {StoredValues::kDecimals, *exponent};
      }
      break;
    default:
      break;
  }
  if (!ReadValues(reader, scratch, values)) return {};
  return {StoredValues::kPlain};
}

}  // namespace ora::storage
