// The times of a chunk: runs of equal steps, or the steps as a packed column.
#pragma once

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/chunk_codec.h"
#include "storage/chunk/codec_scratch.h"

namespace ora::storage {

// At least one time. False, and `bytes` are of no use, if they do not strictly ascend.
bool AppendTimes(absl::Span<const int64_t> time_millis, ChunkEffort effort, EncodeScratch& scratch,
                 std::string& bytes);

// Fills `time_millis` (at least one); false if the bytes are damaged or times do not ascend.
bool ReadTimes(ByteReader& reader, DecodeScratch& scratch, absl::Span<int64_t> time_millis);

}  // namespace ora::storage
