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

// How many of a column's values must be read at once, where it has as many.
inline constexpr size_t kIntegersReadMin = 3;

// Fills `values`, the first of `total`, which the caller knows: at least one, and kIntegersReadMin
// where these are not all. False if the bytes are damaged. The reader stands behind the column only
// where they are all.
bool ReadIntegers(ByteReader& reader, DecodeScratch& scratch, absl::Span<int64_t> values,
                  size_t total);
inline bool ReadIntegers(ByteReader& reader, DecodeScratch& scratch, absl::Span<int64_t> values) {
  return ReadIntegers(reader, scratch, values, values.size());
}

}  // namespace ora::storage
