// Samples of one series to bytes and back, every float64 bit for bit. No I/O, no state, any thread.
//
// The layout is in README.md of this folder. The first byte is the version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "storage/sample.h"

namespace ora::storage {

inline constexpr size_t kChunkSamplesMax = 65'536;

// The smallest coding found for these samples. The spans are of one length, 1 to kChunkSamplesMax;
// times strictly ascending. Anything else is a bug of the caller and aborts.
std::string EncodeChunk(absl::Span<const int64_t> time_millis, absl::Span<const double> values);

// Appends the samples of `bytes` to `append_to`, which is unchanged on error. Any bytes are safe to
// pass. DATA_LOSS: they are no chunk, or a damaged one. A chunk bears no checksum of its own: a
// flipped bit within the packed values is for the store around it to notice.
absl::Status DecodeChunk(absl::string_view bytes, SampleColumns& append_to);

}  // namespace ora::storage
