#include "storage/chunk/split_planes.h"

#include <zstd.h>

#include <array>
#include <cmath>
#include <cstdlib>

#include "storage/chunk/bit_packing.h"

namespace ora::storage {
namespace {

constexpr unsigned kTopBits = 8;
// What zstd adds: its header, and the table of the symbols' code lengths.
constexpr double kFrameBytes = 14;
constexpr double kBytesPerSymbol = 0.5;

unsigned LowBits(uint64_t value_max) {
  const unsigned width = BitWidth(value_max);
  return width > kTopBits ? width - kTopBits : 0;
}

ZSTD_CCtx* Compressor(EncodeScratch& scratch) {
  if (scratch.zstd == nullptr) {
    scratch.zstd.reset(ZSTD_createCCtx());
    ZSTD_CCtx* const made = scratch.zstd.get();
    ZSTD_CCtx_setParameter(made, ZSTD_c_compressionLevel, 1);
    ZSTD_CCtx_setParameter(made, ZSTD_c_strategy, ZSTD_fast);
    // Only long repeats: a short match costs more than its Huffman codes and slows the decoder.
    ZSTD_CCtx_setParameter(made, ZSTD_c_minMatch, 7);
    ZSTD_CCtx_setParameter(made, ZSTD_c_contentSizeFlag, 0);
  }
  return scratch.zstd.get();
}

ZSTD_DCtx* Decompressor(DecodeScratch& scratch) {
  if (scratch.zstd == nullptr) scratch.zstd.reset(ZSTD_createDCtx());
  return scratch.zstd.get();
}

}  // namespace

size_t EstimateSplitPlanes(absl::Span<const uint64_t> values, uint64_t value_max) {
  const unsigned low_bits = LowBits(value_max);
  std::array<uint32_t, 1 << kTopBits> counts{};
  for (uint64_t value : values) ++counts[value >> low_bits];
  double bits = 0;
  size_t symbols = 0;
  const double total = static_cast<double>(values.size());
  for (uint32_t count : counts) {
    if (count == 0) continue;
    ++symbols;
    bits += count * std::log2(total / count);
  }
  return static_cast<size_t>(bits / 8 + kFrameBytes + symbols * kBytesPerSymbol) +
         PackedSize(values.size(), low_bits);
}

void AppendSplitPlanes(absl::Span<const uint64_t> values, uint64_t value_max,
                       EncodeScratch& scratch, std::string& bytes) {
  const unsigned low_bits = LowBits(value_max);
  std::string& top = scratch.top;
  top.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) top[i] = static_cast<char>(values[i] >> low_bits);
  std::string& packed = scratch.compressed;
  packed.resize(ZSTD_compressBound(top.size()));
  const size_t size =
      ZSTD_compress2(Compressor(scratch), packed.data(), packed.size(), top.data(), top.size());
  if (ZSTD_isError(size)) std::abort();  // For want of room alone, and there is enough.
  AppendByte(static_cast<uint8_t>(low_bits), bytes);
  AppendVarint(size, bytes);
  bytes.append(packed, 0, size);
  AppendPacked(values, low_bits, bytes);
}

bool ReadSplitPlanes(ByteReader& reader, DecodeScratch& scratch, absl::Span<uint64_t> values,
                     size_t total) {
  const unsigned low_bits = reader.Byte();
  const absl::string_view packed_top = reader.Bytes(reader.Varint());
  if (!reader.ok() || low_bits > kBitWidthMax - kTopBits) return false;
  const absl::string_view low = reader.Bytes(PackedSize(total, low_bits));
  if (!reader.ok()) return false;
  if (scratch.top.size() < total) scratch.top.resize(total);
  const uint8_t* const top = scratch.top.data();
  const size_t size = ZSTD_decompressDCtx(Decompressor(scratch), scratch.top.data(), total,
                                          packed_top.data(), packed_top.size());
  if (ZSTD_isError(size) || size != total) return false;
  if (low_bits == 0) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = top[i];
    return true;
  }
  Unpack(low, low_bits, values);
  for (size_t i = 0; i < values.size(); ++i) values[i] |= uint64_t{top[i]} << low_bits;
  return true;
}

}  // namespace ora::storage
