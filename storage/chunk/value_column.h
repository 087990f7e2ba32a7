// The values of a chunk, in the smallest of the codings for constants, decimals and the rest.
#pragma once

#include <string>

#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"

namespace ora::storage {

// At least one value.
void AppendValues(absl::Span<const double> values, std::string& bytes);

// Fills `values` (at least one); false if the bytes are damaged.
bool ReadValues(ByteReader& reader, absl::Span<double> values);

}  // namespace ora::storage
