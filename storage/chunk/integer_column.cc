#include "storage/chunk/integer_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "storage/chunk/bit_packing.h"
#include "storage/chunk/rice_coding.h"
#include "storage/chunk/split_planes.h"
#include "storage/wide_registers.h"

namespace ora::storage {
namespace {

constexpr size_t kFrame = 128;
constexpr unsigned kOrderMax = 2;

// A plane that zstd coded costs an encoder much: it must be smaller by this much.
constexpr double kSplitAdvantage = 0.99;

enum class Packing : uint8_t { kSame = 0, kFrames = 1, kSplit = 2, kRice = 3 };

// How far a column's residuals scatter about their centre.
struct Scatter {
  uint64_t centre = 0;     // Signed.
  uint64_t distances = 0;  // The sum, where far outliers count for less.
};

template <unsigned order>
uint64_t Residual(const uint64_t* values, size_t i) {
  if constexpr (order == 0) return values[i];
  if constexpr (order == 1) return values[i + 1] - values[i];
  return values[i + 2] - 2 * values[i + 1] + values[i];
}

int64_t Signed(uint64_t value) { return static_cast<int64_t>(value); }

uint64_t Distance(uint64_t a, uint64_t b) {
  const uint64_t sign = static_cast<uint64_t>(Signed(a - b) >> 63);
  return ((a - b) ^ sign) - sign;
}

// Of signed numbers, to the nearest; `divisor` above 0.
uint64_t Quotient(uint64_t number, uint64_t divisor) {
  const uint64_t size = Distance(number, 0);
  const uint64_t quotient = size / divisor + (size % divisor > divisor / 2);
  return Signed(number) < 0 ? 0 - quotient : quotient;
}

// With outliers, a mean says nothing: the centre is the median of a few, and no distance counts
// for more than some times the usual.
template <unsigned order>
Scatter MeasureWithOutliers(const uint64_t* values, size_t count) {
  constexpr size_t kSampled = 31;
  constexpr size_t kUsual = kSampled * 7 / 8;
  constexpr uint64_t kFar = 8;
  std::array<int64_t, kSampled> sampled;
  for (size_t i = 0; i < kSampled; ++i) {
    sampled[i] = Signed(Residual<order>(values, i * count / kSampled));
  }
  std::nth_element(sampled.begin(), sampled.begin() + kSampled / 2, sampled.end());
  Scatter scatter;
  scatter.centre = static_cast<uint64_t>(sampled[kSampled / 2]);
  std::array<uint64_t, kSampled> distances;
  for (size_t i = 0; i < kSampled; ++i) {
    distances[i] = Distance(static_cast<uint64_t>(sampled[i]), scatter.centre);
  }
  std::nth_element(distances.begin(), distances.begin() + kUsual, distances.end());
  const uint64_t limit = std::min(distances[kUsual], uint64_t{1} << 32) * kFar + kFar;
  for (size_t i = 0; i < count; ++i) {
    scatter.distances += std::min(Distance(Residual<order>(values, i), scatter.centre), limit);
  }
  return scatter;
}

template <unsigned order>
Scatter Measure(absl::Span<const int64_t> column) {
  constexpr uint64_t kSumSafe = uint64_t{1} << 46;  // As many as a chunk has cannot wrap around.
  static_assert(kSumSafe * kChunkSamplesMax < uint64_t{1} << 63);
  constexpr uint64_t kOutlier = 16;
  const uint64_t* const values = reinterpret_cast<const uint64_t*>(column.data());
  const size_t count = column.size() - order;
  uint64_t total = 0;  // Of the residuals, above the first.
  const uint64_t first = Residual<order>(values, 0);
  if constexpr (order == 0) {
    for (size_t i = 0; i < count; ++i) total += values[i] - first;
  } else {
    total = Residual<order - 1>(values, count) - Residual<order - 1>(values, 0) - first * count;
  }
  Scatter scatter;
  scatter.centre = first + Quotient(total, count);
  uint64_t any = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t distance = Distance(Residual<order>(values, i), scatter.centre);
    scatter.distances += distance;
    any |= distance;
  }
  if (any >= kSumSafe || any / kOutlier > scatter.distances / count) {
    return MeasureWithOutliers<order>(values, count);
  }
  return scatter;
}

// The order whose residuals scatter least.
unsigned ChooseOrder(absl::Span<const int64_t> values, Scatter& scatter) {
  scatter = Measure<0>(values);
  unsigned order = 0;
  if (values.size() < 2 || scatter.distances == 0) return order;
  if (const Scatter other = Measure<1>(values); other.distances < scatter.distances) {
    scatter = other;
    order = 1;
  }
  if (values.size() < 3 || scatter.distances == 0) return order;
  if (const Scatter other = Measure<2>(values); other.distances < scatter.distances) {
    scatter = other;
    order = 2;
  }
  return order;
}

// Fills `residuals` with what is left after `order` differences, above the first of them, which it
// returns.
template <unsigned order>
uint64_t TakeResiduals(absl::Span<const int64_t> column, std::vector<uint64_t>& residuals) {
  const uint64_t* const values = reinterpret_cast<const uint64_t*>(column.data());
  const size_t count = column.size() - order;
  residuals.resize(count);
  const uint64_t first = Residual<order>(values, 0);
  uint64_t* const out = residuals.data();
  for (size_t i = 0; i < count; ++i) out[i] = Residual<order>(values, i) - first;
  return first;
}

// Divides the residuals by the largest number that divides them all, which it returns: 1 or more.
uint64_t TakeFactor(std::vector<uint64_t>& residuals) {
  uint64_t any = 0;
  for (uint64_t residual : residuals) any |= residual;
  if (any == 0) return 1;  // All are the same.
  const unsigned shift = static_cast<unsigned>(std::countr_zero(any));
  uint64_t odd = 0;
  for (uint64_t residual : residuals) {
    const uint64_t size = Distance(residual, 0) >> shift;
    if (odd == 0 || size % odd != 0) odd = std::gcd(odd, size);
    if (odd == 1) break;
  }
  if (odd == 1) {
    if (shift == 0) return 1;
    for (uint64_t& residual : residuals) {
      residual = static_cast<uint64_t>(Signed(residual) >> shift);
    }
    return uint64_t{1} << shift;
  }
  // Division without a rest is multiplication by the inverse modulo 2^64; Newton's step doubles
  // the bits that are right, three of them at first.
  uint64_t inverse = odd;
  for (unsigned right = 3; right < 64; right *= 2) inverse *= 2 - odd * inverse;
  for (uint64_t& residual : residuals) {
    residual = static_cast<uint64_t>(Signed(residual) >> shift) * inverse;
  }
  return odd << shift;
}

// The bytes that frames of these take, each above the lowest of its frame.
size_t FramesSize(absl::Span<const uint64_t> residuals) {
  size_t size = 0;
  for (size_t begin = 0; begin < residuals.size(); begin += kFrame) {
    const auto frame = residuals.subspan(begin, kFrame);
    uint64_t low = ~uint64_t{0};
    uint64_t high = 0;
    for (uint64_t residual : frame) {
      low = std::min(low, residual);
      high = std::max(high, residual);
    }
    size += 1 + VarintSize(low) + PackedSize(frame.size(), BitWidth(high - low));
  }
  return size;
}

void AppendFrames(absl::Span<const uint64_t> quotients, std::string& bytes) {
  std::array<uint64_t, kFrame> offsets;
  for (size_t begin = 0; begin < quotients.size(); begin += kFrame) {
    const auto frame = quotients.subspan(begin, kFrame);
    const auto [low, high] = std::minmax_element(frame.begin(), frame.end());
    const unsigned width = BitWidth(*high - *low);
    for (size_t i = 0; i < frame.size(); ++i) offsets[i] = frame[i] - *low;
    AppendByte(static_cast<uint8_t>(width), bytes);
    AppendVarint(*low, bytes);
    AppendPacked({offsets.data(), frame.size()}, width, bytes);
  }
}

bool ReadFrames(ByteReader& reader, absl::Span<uint64_t> quotients, size_t total) {
  for (size_t begin = 0; begin < quotients.size(); begin += kFrame) {
    const auto frame = quotients.subspan(begin, kFrame);
    const size_t stored = std::min(kFrame, total - begin);
    const unsigned width = reader.Byte();
    const uint64_t low = reader.Varint();
    if (width > kBitWidthMax) return false;
    const absl::string_view packed = reader.Bytes(PackedSize(stored, width));
    if (!reader.ok()) return false;
    Unpack(packed, width, frame);
    if (low != 0) {
      for (uint64_t& value : frame) value += low;
    }
  }
  return true;
}

// Turns what was stored into residuals, by `unfold`, and these into values, in place.
template <typename Unfold>
void SumUp(unsigned order, absl::Span<uint64_t> rests, uint64_t first, uint64_t delta,
           Unfold unfold) {
  uint64_t value = first;
  if (order == 0) {
    for (uint64_t& rest : rests) rest = unfold(rest);
  } else if (order == 1) {
    for (uint64_t& rest : rests) rest = value += unfold(rest);
  } else {
    value += delta;
    for (uint64_t& rest : rests) {
      delta += unfold(rest);
      rest = value += delta;
    }
  }
}

static_assert(kIntegersReadMin > kOrderMax);  // So that some residual is among those read.

// A column after its differences, brought to small whole numbers: residual = first + factor *
// quotient. The quotients are in the scratch's `residuals`.
struct Quotients {
  unsigned order = 0;
  uint64_t first = 0;
  uint64_t factor = 1;
  uint64_t centre = 0;  // Signed, as are the quotients; so are the next.
  uint64_t lowest = 0;
  uint64_t range = 0;          // Of the highest above the lowest.
  uint64_t mean_distance = 0;  // Of twice the distance from the centre.
};

Quotients TakeQuotients(absl::Span<const int64_t> values, std::vector<uint64_t>& residuals) {
  Quotients taken;
  Scatter scatter;
  taken.order = ChooseOrder(values, scatter);
  taken.first = taken.order == 0   ? TakeResiduals<0>(values, residuals)
                : taken.order == 1 ? TakeResiduals<1>(values, residuals)
                                   : TakeResiduals<2>(values, residuals);
  taken.factor = TakeFactor(residuals);
  taken.centre = Quotient(scatter.centre - taken.first, taken.factor);
  taken.mean_distance = 2 * scatter.distances / taken.factor / residuals.size();
  int64_t lowest = 0;
  int64_t highest = 0;
  for (uint64_t residual : residuals) {
    lowest = std::min(lowest, Signed(residual));
    highest = std::max(highest, Signed(residual));
  }
  taken.lowest = static_cast<uint64_t>(lowest);
  taken.range = static_cast<uint64_t>(highest) - taken.lowest;
  return taken;
}

void AppendHead(absl::Span<const int64_t> values, const Quotients& taken, Packing packing,
                std::string& bytes) {
  const uint64_t base = packing == Packing::kRice ? taken.centre : taken.lowest;
  AppendByte(static_cast<uint8_t>(taken.order | static_cast<unsigned>(packing) << 2), bytes);
  if (taken.order >= 1) AppendVarint(ZigZag(values[0]), bytes);
  if (taken.order >= 2) {
    const uint64_t delta = static_cast<uint64_t>(values[1]) - static_cast<uint64_t>(values[0]);
    AppendVarint(ZigZag(Signed(delta)), bytes);
  }
  AppendVarint(ZigZag(Signed(taken.first + taken.factor * base)), bytes);
  if (packing != Packing::kSame) AppendVarint(taken.factor, bytes);
}

// Appends the column in two planes if that takes fewer than `size_limit` bytes; else false, and
// `bytes` are as before.
bool AppendSplit(absl::Span<const int64_t> values, const Quotients& taken, size_t size_limit,
                 EncodeScratch& scratch, std::string& bytes) {
  if (EstimateSplitPlanes(scratch.residuals, taken.range) >= size_limit) return false;
  const size_t begin = bytes.size();
  AppendHead(values, taken, Packing::kSplit, bytes);
  const size_t at = bytes.size();
  AppendSplitPlanes(scratch.residuals, taken.range, scratch, bytes);
  if (bytes.size() - at < size_limit) return true;
  bytes.resize(begin);
  return false;
}

void AppendOnce(absl::Span<const int64_t> values, ChunkEffort effort, EncodeScratch& scratch,
                std::string& bytes) {
  std::vector<uint64_t>& residuals = scratch.residuals;
  const Quotients taken = TakeQuotients(values, residuals);
  if (taken.range == 0) return AppendHead(values, taken, Packing::kSame, bytes);

  std::vector<uint64_t>& folded = scratch.folded;
  folded.resize(residuals.size());
  for (size_t i = 0; i < residuals.size(); ++i) {
    folded[i] = ZigZag(Signed(residuals[i] - taken.centre));
    residuals[i] -= taken.lowest;
  }
  const RicePlan rice = PlanRice(folded, taken.mean_distance);
  const size_t frames_size = FramesSize(residuals);
  const double size = static_cast<double>(std::min(frames_size, rice.size));
  if (effort == ChunkEffort::kBest &&
      AppendSplit(values, taken, static_cast<size_t>(size * kSplitAdvantage), scratch, bytes)) {
    return;
  }
  if (rice.size < frames_size) {
    AppendHead(values, taken, Packing::kRice, bytes);
    AppendRice(folded, rice, bytes);
  } else {
    AppendHead(values, taken, Packing::kFrames, bytes);
    AppendFrames(residuals, bytes);
  }
}

bool ReadOnce(ByteReader& reader, DecodeScratch& scratch, absl::Span<int64_t> values,
              size_t total) {
  const uint8_t head = reader.Byte();
  const unsigned order = head & 3;
  const unsigned packing = head >> 2;
  if (order > kOrderMax || order >= values.size()) return false;
  if (packing > static_cast<unsigned>(Packing::kRice)) return false;
  const uint64_t first = order >= 1 ? static_cast<uint64_t>(UnZigZag(reader.Varint())) : 0;
  const uint64_t delta = order >= 2 ? static_cast<uint64_t>(UnZigZag(reader.Varint())) : 0;
  const uint64_t base = static_cast<uint64_t>(UnZigZag(reader.Varint()));

  // int64_t and uint64_t may alias, so the residuals are unpacked in place, behind the first
  // values.
  uint64_t* const out = reinterpret_cast<uint64_t*>(values.data());
  const absl::Span<uint64_t> residuals(out + order, values.size() - order);
  uint64_t factor = 1;
  if (static_cast<Packing>(packing) != Packing::kSame) factor = reader.Varint();
  switch (static_cast<Packing>(packing)) {
    case Packing::kSame:
      std::fill(residuals.begin(), residuals.end(), 0);
      break;
    case Packing::kFrames:
      if (!ReadFrames(reader, residuals, total - order)) return false;
      break;
    case Packing::kSplit:
      if (!ReadSplitPlanes(reader, scratch, residuals, total - order)) return false;
      break;
    case Packing::kRice:
      if (!ReadRice(reader, residuals, total - order)) return false;
      break;
  }
  if (!reader.ok()) return false;

  if (order >= 1) out[0] = first;
  if (order >= 2) out[1] = first + delta;
  const bool folded = static_cast<Packing>(packing) == Packing::kRice;
  if (folded && factor == 1) {
    SumUp(order, residuals, first, delta,
          [=](uint64_t rest) { return base + static_cast<uint64_t>(UnZigZag(rest)); });
  } else if (folded) {
    SumUp(order, residuals, first, delta,
          [=](uint64_t rest) { return base + factor * static_cast<uint64_t>(UnZigZag(rest)); });
  } else {
    SumUp(order, residuals, first, delta, [=](uint64_t rest) { return base + factor * rest; });
  }
  return true;
}

}  // namespace

void AppendIntegers(absl::Span<const int64_t> values, ChunkEffort effort, EncodeScratch& scratch,
                    std::string& bytes) {
  return CallFastest<AppendOnce>(values, effort, scratch, bytes);
}

bool ReadIntegers(ByteReader& reader, DecodeScratch& scratch, absl::Span<int64_t> values,
                  size_t total) {
  return CallFastest<ReadOnce>(reader, scratch, values, total);
}

}  // namespace ora::storage
