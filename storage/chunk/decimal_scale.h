// Float64 that are whole numbers or decimals, as int64 of a power of ten, proven reversible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"

namespace ora::storage {

// value = scaled / 10^exponent to the last bit, but for the exceptions (NaN, infinity, -0, odd
// ones), which are listed by position; their place in `scaled` repeats the value before.
struct ScaledColumn {
  unsigned exponent = 0;
  std::vector<int64_t> scaled;
  std::vector<uint32_t> exception_at;
};

// Nothing if too many values are no decimals of at most 15 places.
std::optional<ScaledColumn> ScaleDecimals(absl::Span<const double> values);

void AppendScaled(const ScaledColumn& column, absl::Span<const double> values, std::string& bytes);

// Fills `values` (at least one); false if the bytes are damaged.
bool ReadScaled(ByteReader& reader, absl::Span<double> values);

}  // namespace ora::storage
