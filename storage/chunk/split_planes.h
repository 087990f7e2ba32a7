// Whole numbers as two planes: the low bits packed as they are, for they are noise, and the top
// eight entropy-coded (zstd's Huffman), where a bell curve or a few frequent values save bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/codec_scratch.h"

namespace ora::storage {

// About how many bytes AppendSplitPlanes would take, from the entropy of the top plane.
size_t EstimateSplitPlanes(absl::Span<const uint64_t> values, uint64_t value_max);

void AppendSplitPlanes(absl::Span<const uint64_t> values, uint64_t value_max,
                       EncodeScratch& scratch, std::string& bytes);

// Fills `values`, the first of `total`; false if the bytes are damaged.
bool ReadSplitPlanes(ByteReader& reader, DecodeScratch& scratch, absl::Span<uint64_t> values,
                     size_t total);

}  // namespace ora::storage
