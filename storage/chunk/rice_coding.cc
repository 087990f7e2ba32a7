#include "storage/chunk/rice_coding.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "storage/chunk/bit_packing.h"
#include "storage/wide_registers.h"

namespace ora::storage {
namespace {

// A higher quotient is an outlier: listed with its place, it keeps the unary part short. With the
// bit that ends it, it is put behind fewer than 8 bits of a word.
constexpr uint64_t kQuotientMax = 48;
constexpr unsigned kLowBitsMax = 56;

// The bits of the unary part, and the bytes of the outliers.
struct Cost {
  uint64_t quotients = 0;
  size_t outlier_bytes = 0;
};

size_t OutlierSize(size_t gap, uint64_t value) { return VarintSize(gap) + VarintSize(value); }

Cost CostOf(absl::Span<const uint64_t> values, unsigned low_bits) {
  Cost cost;
  size_t before = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t quotient = values[i] >> low_bits;
    if (quotient > kQuotientMax) {
      cost.outlier_bytes += OutlierSize(i - before, values[i]);
      before = i;
    } else {
      cost.quotients += quotient;
    }
  }
  return cost;
}

size_t SizeOf(const Cost& cost, size_t count, unsigned low_bits) {
  return 2 + cost.outlier_bytes + (cost.quotients + count + 7) / 8 + PackedSize(count, low_bits);
}

RicePlan PlanOnce(absl::Span<const uint64_t> values, uint64_t mean) {
  // Of a bell's two-sided steps the best is at about two thirds of the mean.
  const unsigned middle = std::min<unsigned>(BitWidth(mean - mean / 4), kLowBitsMax - 1);
  const unsigned lower = middle == 0 ? 0 : middle - 1;
  uint64_t any = 0;
  uint64_t at_lower = 0, at_middle = 0;
  for (uint64_t value : values) {
    any |= value;
    at_lower += value >> lower;
    at_middle += value >> middle;
  }
  RicePlan best;
  for (unsigned low_bits : {lower, middle}) {
    Cost cost{low_bits == lower ? at_lower : at_middle, 0};
    if ((any >> low_bits) > kQuotientMax) cost = CostOf(values, low_bits);
    const size_t size = SizeOf(cost, values.size(), low_bits);
    if (best.size == 0 || size < best.size) best = {low_bits, size};
  }
  return best;
}

void AppendOnce(absl::Span<const uint64_t> values, const RicePlan& plan, std::string& bytes) {
  const unsigned low_bits = plan.low_bits;
  AppendByte(static_cast<uint8_t>(low_bits), bytes);
  const size_t begin = bytes.size();
  uint64_t any = 0;
  for (uint64_t value : values) any |= value;
  uint64_t outliers = 0;
  if ((any >> low_bits) > kQuotientMax) {
    for (uint64_t value : values) outliers += (value >> low_bits) > kQuotientMax;
  }
  AppendVarint(outliers, bytes);
  size_t before = 0;
  for (size_t i = 0; outliers > 0; ++i) {
    if ((values[i] >> low_bits) <= kQuotientMax) continue;
    AppendVarint(i - before, bytes);
    AppendVarint(values[i], bytes);
    before = i;
    --outliers;
  }
  AppendPacked(values, low_bits, bytes);

  const size_t at = bytes.size();
  bytes.resize(begin + plan.size + sizeof(uint64_t));
  char* out = bytes.data() + at;
  uint64_t pending = 0;
  unsigned bits = 0;  // Below 8 between values.
  for (uint64_t value : values) {
    uint64_t quotient = value >> low_bits;
    if (quotient > kQuotientMax) quotient = 0;
    pending |= uint64_t{1} << (bits + quotient);
    bits += static_cast<unsigned>(quotient) + 1;
    std::memcpy(out, &pending, sizeof(pending));
    out += bits / 8;
    pending >>= bits & ~7u;
    bits &= 7;
  }
  std::memcpy(out, &pending, sizeof(pending));
  bytes.resize(static_cast<size_t>(out - bytes.data()) + (bits > 0 ? 1 : 0));
}

bool ReadOnce(ByteReader& reader, absl::Span<uint64_t> values, size_t total) {
  const unsigned low_bits = reader.Byte();
  const uint64_t outliers = reader.Varint();
  if (!reader.ok() || low_bits > kLowBitsMax || outliers > total) return false;
  ByteReader outlier_reader = reader;  // Again after the values, which they overwrite.
  for (uint64_t i = 0; i < outliers && reader.ok(); ++i) {
    reader.Varint();
    reader.Varint();
  }
  const absl::string_view low = reader.Bytes(PackedSize(total, low_bits));
  if (!reader.ok()) return false;
  Unpack(low, low_bits, values);

  const absl::string_view unary = reader.rest();
  uint64_t* out = values.data();
  uint64_t* const end = out + values.size();
  size_t at = 0;
  uint64_t next = 0;  // The bit behind the last value's, counted from the word's first: wraps.
  while (out < end) {
    if (at >= unary.size()) return false;
    uint64_t word = 0;
    const size_t size = std::min(sizeof(word), unary.size() - at);
    if (size == sizeof(word)) {
      std::memcpy(&word, unary.data() + at, sizeof(word));
    } else {
      std::memcpy(&word, unary.data() + at, size);
    }
    size_t ones = static_cast<size_t>(std::popcount(word));
    const bool last = ones >= static_cast<size_t>(end - out);
    ones = std::min(ones, static_cast<size_t>(end - out));
    for (uint64_t* const stop = out + ones; out < stop; ++out) {
      const uint64_t bit = static_cast<uint64_t>(std::countr_zero(word));
      word &= word - 1;
      *out |= (bit - next) << low_bits;
      next = bit + 1;
    }
    if (last) {  // What is left of its byte is zeros that nobody reads.
      reader.Bytes(at + (next + 7) / 8);
      break;
    }
    next -= 64;
    at += sizeof(word);
  }

  uint64_t place = 0;
  for (uint64_t i = 0; i < outliers; ++i) {
    const uint64_t gap = outlier_reader.Varint();
    if (gap >= total - place) return false;
    place += gap;
    if (place >= values.size()) break;
    values[place] = outlier_reader.Varint();
  }
  return reader.ok();
}

}  // namespace

RicePlan PlanRice(absl::Span<const uint64_t> values, uint64_t mean) {
  return CallFastest<PlanOnce>(values, mean);
}

void AppendRice(absl::Span<const uint64_t> values, const RicePlan& plan, std::string& bytes) {
  return CallFastest<AppendOnce>(values, plan, bytes);
}

bool ReadRice(ByteReader& reader, absl::Span<uint64_t> values, size_t total) {
  return CallFastest<ReadOnce>(reader, values, total);
}

}  // namespace ora::storage
