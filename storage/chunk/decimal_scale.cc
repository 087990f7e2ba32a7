#include "storage/chunk/decimal_scale.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "storage/chunk/integer_column.h"
#include "storage/wide_registers.h"

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

// Added to a number within 2^51 of zero, it leaves the nearest whole number in the low bits of the
// sum, and added to such bits it makes a float64 of them: both without a branch, many at once.
constexpr double kRounder = 6755399441055744.0;  // 1.5 * 2^52
constexpr uint64_t kRounderBits = std::bit_cast<uint64_t>(kRounder);
constexpr unsigned kRoundedBits = 52;
constexpr uint64_t kRoundedHalf = uint64_t{1} << (kRoundedBits - 1);

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

// Whether all values scale, and are within 2^51.
bool ScaleAll(absl::Span<const double> values, unsigned exponent, int64_t* scaled) {
  uint64_t wrong = 0;
  const double power = kPowers[exponent];
  const double* const in = values.data();
  const auto scale = [&](size_t i, double product, auto unscale) {
    const double sum = product + kRounder;
    const uint64_t whole = std::bit_cast<uint64_t>(sum) - kRounderBits;
    wrong |= std::bit_cast<uint64_t>(unscale(sum - kRounder)) ^ std::bit_cast<uint64_t>(in[i]);
    wrong |= (whole + kRoundedHalf) >> kRoundedBits;
    scaled[i] = static_cast<int64_t>(whole);
  };
  if (exponent == 0) {
    for (size_t i = 0; i < values.size(); ++i) {
      scale(i, in[i], [](double rounded) { return rounded; });
    }
  } else {
    for (size_t i = 0; i < values.size(); ++i) {
      scale(i, in[i] * power, [&](double rounded) { return rounded / power; });
    }
  }
  return wrong == 0;
}

// The fewest places that all but a few values need; looks at every `stride`th.
std::optional<unsigned> ChooseExponent(absl::Span<const double> values, size_t stride) {
  std::array<size_t, kExponentMax + 1> needed{};
  size_t seen = 0;
  size_t exceptions = 0;
  unsigned guess = 0;
  for (size_t i = 0; i < values.size(); i += stride) {
    const double value = values[i];
    ++seen;
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
  const size_t decimals = seen - exceptions;
  if (decimals < exceptions) return std::nullopt;
  size_t covered = 0;
  for (unsigned exponent = 0; exponent <= kExponentMax; ++exponent) {
    covered += needed[exponent];
    if (covered + seen / 64 >= decimals) return exponent;
  }
  return std::nullopt;
}

// False if there are too many exceptions.
bool ScaleSome(absl::Span<const double> values, unsigned exponent, EncodeScratch& scratch) {
  scratch.exception_at.clear();
  int64_t before = 0;
  bool any = false;
  for (size_t i = 0; i < values.size(); ++i) {
    const std::optional<int64_t> scaled = Scale(values[i], exponent);
    if (!scaled.has_value()) {
      scratch.exception_at.push_back(static_cast<uint32_t>(i));
      if (scratch.exception_at.size() > ExceptionsMax(values.size()) * 2) return false;
    } else if (!any) {  // The first decimal stands in for the exceptions ahead of it.
      any = true;
      std::fill_n(scratch.scaled.begin(), i, *scaled);
    }
    before = scaled.value_or(before);
    scratch.scaled[i] = before;
  }
  return true;
}

}  // namespace

std::optional<unsigned> ScaleDecimals(absl::Span<const double> values, EncodeScratch& scratch) {
  constexpr size_t kSampled = 32;
  scratch.scaled.resize(values.size());
  scratch.exception_at.clear();
  if (Scale(values[0], 0).has_value() && CallFastest<ScaleAll>(values, 0u, scratch.scaled.data()))
    return 0;
  const auto sampled = ChooseExponent(values, values.size() / kSampled + 1);
  if (!sampled.has_value()) return std::nullopt;
  if (CallFastest<ScaleAll>(values, *sampled, scratch.scaled.data())) return sampled;
  if (values.size() <= kSampled)
    return ScaleSome(values, *sampled, scratch) ? sampled : std::nullopt;
  const auto exponent = ChooseExponent(values, 1);
  if (!exponent.has_value() || !ScaleSome(values, *exponent, scratch)) return std::nullopt;
  return exponent;
}

void AppendScaled(absl::Span<const double> values, unsigned exponent, ChunkEffort effort,
                  EncodeScratch& scratch, std::string& bytes) {
  AppendByte(static_cast<uint8_t>(exponent), bytes);
  AppendVarint(scratch.exception_at.size(), bytes);
  uint32_t before = 0;
  for (uint32_t at : scratch.exception_at) {
    AppendVarint(at - before, bytes);
    AppendFixed64(std::bit_cast<uint64_t>(values[at]), bytes);
    before = at;
  }
  AppendIntegers(scratch.scaled, effort, scratch, bytes);
}

namespace {

// The same as conversion and division of each, many at once where all are within 2^51.
void Unscale(absl::Span<const int64_t> scaled, double power, double* out) {
  uint64_t wide = 0;
  for (size_t i = 0; i < scaled.size(); ++i) {
    wide |= (static_cast<uint64_t>(scaled[i]) + kRoundedHalf) >> kRoundedBits;
  }
  if (wide != 0) {
    for (size_t i = 0; i < scaled.size(); ++i) out[i] = static_cast<double>(scaled[i]);
  } else {
    for (size_t i = 0; i < scaled.size(); ++i) {
      out[i] = std::bit_cast<double>(static_cast<uint64_t>(scaled[i]) + kRounderBits) - kRounder;
    }
  }
  if (power == 1) return;
  for (size_t i = 0; i < scaled.size(); ++i) out[i] /= power;
}

}  // namespace

double DecimalPower(unsigned exponent) { return kPowers[exponent]; }

void UnscaleDecimals(absl::Span<const int64_t> wholes, unsigned exponent, double* out) {
  constexpr size_t kBlock = 1024;  // Of numbers that stay in the nearest cache.
  for (size_t begin = 0; begin < wholes.size(); begin += kBlock) {
    CallFastest<Unscale>(wholes.subspan(begin, kBlock), kPowers[exponent], out + begin);
  }
}

std::optional<unsigned> ReadWholes(ByteReader& reader, DecodeScratch& scratch, size_t count) {
  const unsigned exponent = reader.Byte();
  const uint64_t exceptions = reader.Varint();
  if (!reader.ok() || exponent > kExponentMax || exceptions > 0) return std::nullopt;
  if (scratch.scaled.size() < count) scratch.scaled.resize(count);
  if (!ReadIntegers(reader, scratch, absl::MakeSpan(scratch.scaled.data(), count))) {
    return std::nullopt;
  }
  return exponent;
}

bool ReadScaled(ByteReader& reader, DecodeScratch& scratch, absl::Span<double> values,
                size_t total) {
  const unsigned exponent = reader.Byte();
  const uint64_t exceptions = reader.Varint();
  if (!reader.ok() || exponent > kExponentMax || exceptions > total) return false;
  ByteReader exception_reader = reader;  // Again after the integers, which they overwrite.
  for (uint64_t i = 0; i < exceptions && reader.ok(); ++i) {
    reader.Varint();
    reader.Fixed64();
  }
  if (scratch.scaled.size() < values.size()) scratch.scaled.resize(values.size());
  const absl::Span<int64_t> scaled(scratch.scaled.data(), values.size());
  if (!reader.ok() || !ReadIntegers(reader, scratch, scaled, total)) return false;
  UnscaleDecimals(scaled, exponent, values.data());
  uint64_t at = 0;
  for (uint64_t i = 0; i < exceptions; ++i) {
    const uint64_t step = exception_reader.Varint();
    if (step >= total - at) return false;
    at += step;
    if (at >= values.size()) break;
    values[at] = std::bit_cast<double>(exception_reader.Fixed64());
  }
  return true;
}

}  // namespace ora::storage
