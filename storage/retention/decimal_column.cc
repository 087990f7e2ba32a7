#include "storage/retention/decimal_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "storage/chunk/decimal_scale.h"
#include "storage/chunk/integer_column.h"
#include "storage/chunk/value_column.h"
#include "storage/retention/kept_scratch.h"

namespace ora::storage {
namespace {

constexpr std::array<double, DecimalScale::kExponentMax + 1> kPowers = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
// Whole numbers up to here leave room for the differences of some of them. Above 2^53 the quotient
// may miss a float64 by its last bits, which are then coded beside it.
constexpr double kScaledMax = 1152921504606846976.0;  // 2^60

absl::optional<int64_t> Scaled(double value, unsigned exponent) {
  const double product = value * kPowers[exponent];
  if (!(std::fabs(product) <= kScaledMax)) return absl::nullopt;  // NaN, too.
  return std::llrint(product);
}

// How far `value` is from `near` in steps of the last bit; wraps around.
uint64_t BitsBeyond(double near, double value) {
  return ZigZag(
      static_cast<int64_t>(std::bit_cast<uint64_t>(value) - std::bit_cast<uint64_t>(near)));
}

double MovedByBits(double near, uint64_t beyond) {
  return std::bit_cast<double>(std::bit_cast<uint64_t>(near) +
                               static_cast<uint64_t>(UnZigZag(beyond)));
}

int64_t Minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

int64_t Plus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

}  // namespace

absl::optional<DecimalScale> DecimalScale::Choose(absl::Span<const double> values) {
  const auto scaled = ScaleDecimals(values, KeptEncodeScratch());
  if (!scaled.has_value()) return absl::nullopt;
  return DecimalScale(*scaled);
}

std::vector<int64_t> DecimalScale::ToIntegers(absl::Span<const double> values) const {
  std::vector<int64_t> integers(values.size());
  int64_t before = 0;
  for (const double value : values) {  // The first there is stands in for those ahead of it.
    if (const auto scaled = Scaled(value, exponent_); scaled.has_value()) {
      before = *scaled;
      break;
    }
  }
  for (size_t i = 0; i < values.size(); ++i) {
    before = Scaled(values[i], exponent_).value_or(before);
    integers[i] = before;
  }
  return integers;
}

double DecimalScale::ToDouble(int64_t scaled) const {
  return static_cast<double>(scaled) / kPowers[exponent_];
}

void AppendDecimals(const DecimalScale& scale, absl::Span<const double> values,
                    absl::Span<const int64_t> expected, std::string& bytes) {
  const std::vector<int64_t> integers = scale.ToIntegers(values);
  std::vector<int64_t> rest(integers.size());
  std::string corrections;
  size_t corrected = 0;
  size_t next = 0;  // The first place after the last correction.
  for (size_t i = 0; i < integers.size(); ++i) {
    rest[i] = Minus(integers[i], expected[i]);
    const uint64_t beyond = BitsBeyond(scale.ToDouble(integers[i]), values[i]);
    if (beyond == 0) continue;
    AppendVarint(i - next, corrections);
    AppendVarint(beyond, corrections);
    next = i + 1;
    ++corrected;
  }
  AppendIntegers(rest, ChunkEffort::kBest, KeptEncodeScratch(), bytes);
  AppendVarint(corrected, bytes);
  bytes += corrections;
}

bool ReadDecimals(ByteReader& reader, const DecimalScale& scale, absl::Span<const int64_t> expected,
                  absl::Span<double> values) {
  std::vector<int64_t> rest(values.size());
  if (!ReadIntegers(reader, KeptDecodeScratch(), absl::MakeSpan(rest))) return false;
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = scale.ToDouble(Plus(expected[i], rest[i]));
  }
  const uint64_t corrected = reader.Varint();
  size_t next = 0;
  for (uint64_t i = 0; i < corrected; ++i) {
    const uint64_t skipped = reader.Varint();
    const uint64_t beyond = reader.Varint();
    if (!reader.ok() || skipped >= values.size() - next) return false;
    next += skipped;
    values[next] = MovedByBits(values[next], beyond);
    ++next;
  }
  return reader.ok();
}

void AppendDecimal(const DecimalScale& scale, double value, double near, std::string& bytes) {
  const int64_t integer = scale.ToIntegers({near, value})[1];
  AppendVarint(ZigZag(Minus(integer, scale.ToIntegers({near})[0])), bytes);
  AppendVarint(BitsBeyond(scale.ToDouble(integer), value), bytes);
}

double ReadDecimal(ByteReader& reader, const DecimalScale& scale, double near) {
  const int64_t step = UnZigZag(reader.Varint());
  const double decimal = scale.ToDouble(Plus(scale.ToIntegers({near})[0], step));
  return MovedByBits(decimal, reader.Varint());
}

void AppendFloats(absl::Span<const double> values, absl::Span<const double> expected,
                  std::string& bytes) {
  std::vector<double> differences(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    differences[i] = std::bit_cast<double>(std::bit_cast<uint64_t>(values[i]) ^
                                           std::bit_cast<uint64_t>(expected[i]));
  }
  std::string column;
  AppendValues(differences, ChunkEffort::kBest, KeptEncodeScratch(), column);
  AppendVarint(column.size(), bytes);
  bytes += column;
}

bool ReadFloats(ByteReader& reader, absl::Span<const double> expected, absl::Span<double> values) {
  ByteReader column(reader.Bytes(reader.Varint()));
  if (!reader.ok() || !ReadValues(column, KeptDecodeScratch(), values) || !column.rest().empty())
    return false;
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = std::bit_cast<double>(std::bit_cast<uint64_t>(values[i]) ^
                                      std::bit_cast<uint64_t>(expected[i]));
  }
  return true;
}

}  // namespace ora::storage
