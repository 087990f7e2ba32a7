// The times of a chunk: runs of equal steps, or the steps as a packed column.
#pragma once

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"

namespace ora::storage {

// At least one time, strictly ascending.
void AppendTimes(absl::Span<const int64_t> time_millis, std::string& bytes);

// Fills `time_millis` (at least one); false if the bytes are damaged or times do not ascend.
bool ReadTimes(ByteReader& reader, absl::Span<int64_t> time_millis);

}  // namespace ora::storage
