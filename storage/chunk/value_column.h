// The values of a chunk, in the smallest of the codings for constants, decimals and the rest.
#pragma once

#include <string>

#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/chunk_codec.h"
#include "storage/chunk/codec_scratch.h"

namespace ora::storage {

// At least one value.
void AppendValues(absl::Span<const double> values, ChunkEffort effort, EncodeScratch& scratch,
                  std::string& bytes);

// Fills `values` (at least one); false if the bytes are damaged.
bool ReadValues(ByteReader& reader, DecodeScratch& scratch, absl::Span<double> values);

}  // namespace ora::storage
