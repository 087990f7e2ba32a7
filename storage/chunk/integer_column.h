// A column of int64 as differences of order 0, 1 or 2, brought to small whole numbers and packed.
#pragma once

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/chunk_codec.h"
#include "storage/chunk/codec_scratch.h"

namespace ora::storage {

// Appends the smallest coding found. `values` may lie in the scratch's columns of values. At least
// one value; differences may wrap around.
void AppendIntegers(absl::Span<const int64_t> values, ChunkEffort effort, EncodeScratch& scratch,
                    std::string& bytes);

// Fills `values` (at least one), whose count the caller knows; false if the bytes are damaged.
bool ReadIntegers(ByteReader& reader, DecodeScratch& scratch, absl::Span<int64_t> values);

}  // namespace ora::storage
