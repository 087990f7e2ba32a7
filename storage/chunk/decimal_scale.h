// Float64 that are whole numbers or decimals, as int64 of a power of ten, proven reversible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/chunk_codec.h"
#include "storage/chunk/codec_scratch.h"

namespace ora::storage {

// Finds an exponent with which value = scaled / 10^exponent to the last bit, but for the exceptions
// (NaN, infinity, -0, odd ones), which are listed by position; their place in `scaled` repeats the
// value before. Fills the scratch's `scaled` and `exception_at`, and returns the exponent. Nothing
// if too many values are no decimals of at most 15 places.
std::optional<unsigned> ScaleDecimals(absl::Span<const double> values, EncodeScratch& scratch);

// Appends what ScaleDecimals left in the scratch.
void AppendScaled(absl::Span<const double> values, unsigned exponent, ChunkEffort effort,
                  EncodeScratch& scratch, std::string& bytes);

// Fills `values`, the first of `total`, as ReadIntegers does; false if the bytes are damaged.
bool ReadScaled(ByteReader& reader, DecodeScratch& scratch, absl::Span<double> values,
                size_t total);

// Reads `count` values, all there are, as whole numbers into the scratch's `scaled`, and returns
// their exponent. Nothing, and the reader is of no use, if some are exceptions or the bytes are
// damaged.
std::optional<unsigned> ReadWholes(ByteReader& reader, DecodeScratch& scratch, size_t count);

// 10^exponent, by which whole numbers are divided; up to the highest that there is.
double DecimalPower(unsigned exponent);

// Writes the values that whole numbers stand for to `out`.
void UnscaleDecimals(absl::Span<const int64_t> wholes, unsigned exponent, double* out);

}  // namespace ora::storage
