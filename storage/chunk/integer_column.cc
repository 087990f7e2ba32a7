#include "storage/chunk/integer_column.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "storage/chunk/bit_packing.h"
#include "storage/chunk/split_planes.h"

namespace ora::storage {
namespace {

constexpr size_t kFrame = 128;
constexpr unsigned kOrderMax = 2;
// Entropy-coded values decode slower than framed ones: they must be smaller by this much.
constexpr double kSplitAdvantage = 0.97;

enum class Packing : uint8_t { kSame = 0, kFrames = 1, kSplit = 2 };

// What is left of a column after `order` differences: residual = lowest + factor * quotient.
struct Residuals {
  unsigned order = 0;
  uint64_t first = 0;        // Value 0, with order 1 and 2.
  uint64_t first_delta = 0;  // With order 2.
  uint64_t lowest = 0;
  uint64_t factor = 1;
  uint64_t quotient_max = 0;
  std::vector<uint64_t> quotients;
  size_t frames_size = 0;  // Bytes that they take in frames.
};

void Difference(std::vector<uint64_t>& values) {
  for (size_t i = 0; i + 1 < values.size(); ++i) values[i] = values[i + 1] - values[i];
  values.pop_back();
}

size_t FramesSize(absl::Span<const uint64_t> quotients) {
  size_t size = 0;
  for (size_t begin = 0; begin < quotients.size(); begin += kFrame) {
    const auto frame = quotients.subspan(begin, kFrame);
    const auto [low, high] = std::minmax_element(frame.begin(), frame.end());
    size += 1 + VarintSize(*low) + PackedSize(frame.size(), BitWidth(*high - *low));
  }
  return size;
}

Residuals TakeResiduals(absl::Span<const int64_t> values, unsigned order) {
  Residuals taken;
  taken.order = order;
  std::vector<uint64_t>& rest = taken.quotients;
  rest.assign(values.begin(), values.end());
  if (order >= 1) {
    taken.first = rest[0];
    Difference(rest);
  }
  if (order >= 2) {
    taken.first_delta = rest[0];
    Difference(rest);
  }
  int64_t lowest = static_cast<int64_t>(rest[0]);
  for (uint64_t value : rest) lowest = std::min(lowest, static_cast<int64_t>(value));
  taken.lowest = static_cast<uint64_t>(lowest);
  uint64_t factor = 0;
  for (uint64_t& value : rest) {
    value -= taken.lowest;
    if (factor == 0 || value % factor != 0) factor = std::gcd(factor, value);
    taken.quotient_max = std::max(taken.quotient_max, value);
  }
  if (factor > 1) {
    for (uint64_t& value : rest) value /= factor;
    taken.quotient_max /= factor;
    taken.factor = factor;
  }
  taken.frames_size = taken.quotient_max == 0 ? 0 : FramesSize(rest);
  return taken;
}

void AppendFrames(absl::Span<const uint64_t> quotients, std::string& bytes) {
  std::vector<uint64_t> offsets;
  for (size_t begin = 0; begin < quotients.size(); begin += kFrame) {
    const auto frame = quotients.subspan(begin, kFrame);
    const auto [low, high] = std::minmax_element(frame.begin(), frame.end());
    const unsigned width = BitWidth(*high - *low);
    offsets.assign(frame.begin(), frame.end());
    for (uint64_t& offset : offsets) offset -= *low;
    AppendByte(static_cast<uint8_t>(width), bytes);
    AppendVarint(*low, bytes);
    AppendPacked(offsets, width, bytes);
  }
}

bool ReadFrames(ByteReader& reader, absl::Span<uint64_t> quotients) {
  for (size_t begin = 0; begin < quotients.size(); begin += kFrame) {
    const auto frame = quotients.subspan(begin, kFrame);
    const unsigned width = reader.Byte();
    const uint64_t low = reader.Varint();
    if (width > kBitWidthMax) return false;
    const absl::string_view packed = reader.Bytes(PackedSize(frame.size(), width));
    if (!reader.ok()) return false;
    Unpack(packed, width, frame);
    if (low != 0) {
      for (uint64_t& value : frame) value += low;
    }
  }
  return true;
}

Residuals ChooseOrder(absl::Span<const int64_t> values) {
  Residuals best = TakeResiduals(values, 0);
  for (unsigned order = 1; order <= kOrderMax && order < values.size(); ++order) {
    if (best.quotient_max == 0) break;
    Residuals other = TakeResiduals(values, order);
    if (other.frames_size < best.frames_size) best = std::move(other);
  }
  return best;
}

}  // namespace

void AppendIntegers(absl::Span<const int64_t> values, std::string& bytes) {
  const Residuals best = ChooseOrder(values);
  Packing packing = best.quotient_max == 0 ? Packing::kSame : Packing::kFrames;
  std::string split;
  const double split_limit = kSplitAdvantage * static_cast<double>(best.frames_size);
  if (packing == Packing::kFrames &&
      static_cast<double>(EstimateSplitPlanes(best.quotients, best.quotient_max)) < split_limit) {
    AppendSplitPlanes(best.quotients, best.quotient_max, split);
    if (static_cast<double>(split.size()) < split_limit) packing = Packing::kSplit;
  }

  AppendByte(static_cast<uint8_t>(best.order | static_cast<unsigned>(packing) << 2), bytes);
  if (best.order >= 1) AppendVarint(ZigZag(static_cast<int64_t>(best.first)), bytes);
  if (best.order >= 2) AppendVarint(ZigZag(static_cast<int64_t>(best.first_delta)), bytes);
  AppendVarint(ZigZag(static_cast<int64_t>(best.lowest)), bytes);
  if (packing == Packing::kSame) return;
  AppendVarint(best.factor, bytes);
  if (packing == Packing::kFrames) AppendFrames(best.quotients, bytes);
  if (packing == Packing::kSplit) bytes += split;
}

bool ReadIntegers(ByteReader& reader, absl::Span<int64_t> values) {
  const uint8_t head = reader.Byte();
  const unsigned order = head & 3;
  const unsigned packing = head >> 2;
  if (order > kOrderMax || order >= values.size()) return false;
  if (packing > static_cast<unsigned>(Packing::kSplit)) return false;
  const uint64_t first = order >= 1 ? static_cast<uint64_t>(UnZigZag(reader.Varint())) : 0;
  uint64_t delta = order >= 2 ? static_cast<uint64_t>(UnZigZag(reader.Varint())) : 0;
  const uint64_t lowest = static_cast<uint64_t>(UnZigZag(reader.Varint()));

  // int64_t and uint64_t may alias, so the residuals are unpacked in place, behind the first
  // values.
  uint64_t* const out = reinterpret_cast<uint64_t*>(values.data());
  const absl::Span<uint64_t> residuals(out + order, values.size() - order);
  uint64_t factor = 1;
  if (static_cast<Packing>(packing) == Packing::kSame) {
    std::fill(residuals.begin(), residuals.end(), 0);
  } else {
    factor = reader.Varint();
    const bool read = static_cast<Packing>(packing) == Packing::kFrames
                          ? ReadFrames(reader, residuals)
                          : ReadSplitPlanes(reader, residuals);
    if (!read) return false;
  }
  if (!reader.ok()) return false;

  uint64_t value = first;
  if (order == 0) {
    for (uint64_t& residual : residuals) residual = lowest + factor * residual;
  } else if (order == 1) {
    out[0] = value;
    for (uint64_t& residual : residuals) residual = value += lowest + factor * residual;
  } else {
    out[0] = value;
    out[1] = value += delta;
    for (uint64_t& residual : residuals) {
      delta += lowest + factor * residual;
      residual = value += delta;
    }
  }
  return true;
}

}  // namespace ora::storage
