#include "storage/chunk/decimal_scale.h"

#include <array>
#include <bit>
#include <cmath>
#include <memory>

#include "storage/chunk/integer_column.h"

namespace ora::storage {
namespace {

constexpr unsigned kExponentMax = 15;
constexpr std::array<double, kExponentMax + 1> kPowers = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
// Up to here every whole number is a float64, so that a division by a power of ten, itself exact,
// is rounded correctly and gives the same bits everywhere.
constexpr double kScaledMax = 9007199254740992.0;  // 2^53
constexpr double kWholeMax =
    4611686018427387904.0;  // 2^62; without a division any float64 will do.

// One exception costs some ten bytes: above one in 16 another coding is better.
size_t ExceptionsMax(size_t count) { return count / 16 + 2; }

std::optional<int64_t> Scale(double value, unsigned exponent) {
  const double product = value * kPowers[exponent];
  const double limit = exponent == 0 ? kWholeMax : kScaledMax;
  if (!(std::abs(product) <= limit)) return std::nullopt;  // NaN, too.
  const int64_t scaled = std::llrint(product);
  const double back = static_cast<double>(scaled) / kPowers[exponent];
  if (std::bit_cast<uint64_t>(back) != std::bit_cast<uint64_t>(value)) return std::nullopt;
  return scaled;
}

// The fewest places that all but a few values need.
std::optional<unsigned> ChooseExponent(absl::Span<const double> values) {
  std::array<size_t, kExponentMax + 1> needed{};
  size_t exceptions = 0;
  unsigned guess = 0;
  for (double value : values) {
    if (guess > 0 && !Scale(value, guess - 1).has_value() && Scale(value, guess).has_value()) {
      ++needed[guess];
      continue;
    }
    unsigned exponent = 0;
    while (exponent <= kExponentMax && !Scale(value, exponent).has_value()) ++exponent;
    if (exponent > kExponentMax) {
      if (++exceptions > ExceptionsMax(values.size())) return std::nullopt;
      continue;
    }
    ++needed[exponent];
    guess = exponent;
  }
  const size_t decimals = values.size() - exceptions;
  size_t covered = 0;
  for (unsigned exponent = 0; exponent <= kExponentMax; ++exponent) {
    covered += needed[exponent];
    if (covered + values.size() / 64 >= decimals) return exponent;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ScaledColumn> ScaleDecimals(absl::Span<const double> values) {
  const std::optional<unsigned> exponent = ChooseExponent(values);
  if (!exponent.has_value()) return std::nullopt;
  ScaledColumn column;
  column.exponent = *exponent;
  column.scaled.reserve(values.size());
  int64_t before = 0;
  for (double value : values) {  // The first decimal stands in for exceptions ahead of it.
    if (const auto scaled = Scale(value, *exponent); scaled.has_value()) {
      before = *scaled;
      break;
    }
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const std::optional<int64_t> scaled = Scale(values[i], *exponent);
    if (scaled.has_value()) {
      before = *scaled;
    } else {
      column.exception_at.push_back(static_cast<uint32_t>(i));
    }
    column.scaled.push_back(before);
  }
  if (column.exception_at.size() > ExceptionsMax(values.size()) * 2) return std::nullopt;
  return column;
}

void AppendScaled(const ScaledColumn& column, absl::Span<const double> values, std::string& bytes) {
  AppendByte(static_cast<uint8_t>(column.exponent), bytes);
  AppendVarint(column.exception_at.size(), bytes);
  uint32_t before = 0;
  for (uint32_t at : column.exception_at) {
    AppendVarint(at - before, bytes);
    AppendFixed64(std::bit_cast<uint64_t>(values[at]), bytes);
    before = at;
  }
  AppendIntegers(column.scaled, bytes);
}

bool ReadScaled(ByteReader& reader, absl::Span<double> values) {
  const unsigned exponent = reader.Byte();
  const uint64_t exceptions = reader.Varint();
  if (!reader.ok() || exponent > kExponentMax || exceptions > values.size()) return false;
  ByteReader exception_reader = reader;  // Again after the integers, which they overwrite.
  for (uint64_t i = 0; i < exceptions && reader.ok(); ++i) {
    reader.Varint();
    reader.Fixed64();
  }
  const auto scaled = std::make_unique_for_overwrite<int64_t[]>(values.size());
  if (!reader.ok() || !ReadIntegers(reader, absl::MakeSpan(scaled.get(), values.size()))) {
    return false;
  }
  if (exponent == 0) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(scaled[i]);
  } else {
    const double power = kPowers[exponent];
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(scaled[i]) / power;
  }
  uint64_t at = 0;
  for (uint64_t i = 0; i < exceptions; ++i) {
    const uint64_t step = exception_reader.Varint();
    if (step >= values.size() - at) return false;
    at += step;
    values[at] = std::bit_cast<double>(exception_reader.Fixed64());
  }
  return true;
}

}  // namespace ora::storage
