// Arbitrary float64, each as its difference in bits from the one before (after Gorilla).
#pragma once

#include <cstddef>
#include <string>

#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"

namespace ora::storage {

// How many bytes AppendXor would append.
size_t XorSize(absl::Span<const double> values);

void AppendXor(absl::Span<const double> values, std::string& bytes);

// Fills `values` (at least one), the first of `total`; false if the bytes are damaged. Takes all
// that is left.
bool ReadXor(ByteReader& reader, absl::Span<double> values, size_t total);

}  // namespace ora::storage
