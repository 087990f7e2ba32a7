// Numbers at a fixed width of bits, one after another, lowest bit first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ora::storage {

inline constexpr unsigned kBitWidthMax = 64;

unsigned BitWidth(uint64_t value);  // 0 for 0, 64 for the largest.
constexpr size_t PackedSize(size_t count, unsigned width) { return (count * width + 7) / 8; }

// Appends PackedSize(values.size(), width) bytes: the low `width` bits of each value.
void AppendPacked(absl::Span<const uint64_t> values, unsigned width, std::string& bytes);

// Fills `values` from `packed`, which must hold PackedSize(values.size(), width) bytes; width at
// most kBitWidthMax. Writes into the caller's span because this is the decoder's inner loop.
void Unpack(absl::string_view packed, unsigned width, absl::Span<uint64_t> values);

}  // namespace ora::storage
