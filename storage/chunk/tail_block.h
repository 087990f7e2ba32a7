// A few samples of one series packed in some 100 ns: what waits in memory between its arrival and
// its sealing. The coding lives in memory only, so it has no version and may change at any time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "storage/sample.h"

namespace ora::storage {

inline constexpr size_t kTailBlockSamplesMax = 16;
// Of any samples, with the room behind the block in which the encoder stores whole words. A block
// of a live series takes 15 to 55 bytes.
inline constexpr size_t kTailBlockBytesMax = 2 * (kTailBlockSamplesMax * 8) + 64;

// Writes the block of these samples to `out`, which has room for kTailBlockBytesMax, and returns
// its size. The spans are of one length, 1 to kTailBlockSamplesMax; anything else is a bug of the
// caller and aborts. Times in any order, twice the same too; every float64 comes back bit for bit,
// in the order given. No state, any thread.
size_t EncodeTailBlock(absl::Span<const int64_t> time_millis, absl::Span<const double> values,
                       uint8_t* out);

// Appends the samples of a block to `append_to`, in the order in which they were encoded; unchanged
// on error. Any bytes are safe to pass. DATA_LOSS: they are no block.
absl::Status DecodeTailBlock(absl::string_view block, SampleColumns& append_to);

}  // namespace ora::storage
