// The values of a chunk, in the smallest of the codings for constants, decimals and the rest.
#pragma once

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/chunk_codec.h"
#include "storage/chunk/codec_scratch.h"

namespace ora::storage {

// At least one value.
void AppendValues(absl::Span<const double> values, ChunkEffort effort, EncodeScratch& scratch,
                  std::string& bytes);

// Fills `values`, the first of `total`: at least one, and kIntegersReadMin where these are not all.
// False if the bytes are damaged. The reader stands behind the column only where they are all.
bool ReadValues(ByteReader& reader, DecodeScratch& scratch, absl::Span<double> values,
                size_t total);
inline bool ReadValues(ByteReader& reader, DecodeScratch& scratch, absl::Span<double> values) {
  return ReadValues(reader, scratch, values, values.size());
}

// What ReadValuesAsStored found.
struct StoredValues {
  enum Kind : uint8_t {
    kDamaged,
    kConstant,  // The first of the values is filled, and stands for all.
    kDecimals,  // They are in the scratch's `scaled`, to be divided by DecimalPower(exponent).
    kPlain,     // They are filled.
  };
  Kind kind = kDamaged;
  unsigned exponent = 0;
};

// As ReadValues of all of them, but a column of decimals stays whole numbers, where each value
// is one.
StoredValues ReadValuesAsStored(ByteReader& reader, DecodeScratch& scratch,
                                absl::Span<double> values);

}  // namespace ora::storage
