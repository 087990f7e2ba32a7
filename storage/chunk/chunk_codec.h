// Samples of one series to bytes and back, every float64 bit for bit. No I/O.
//
// The layout is in README.md of this folder. The first byte is the version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "storage/sample.h"

namespace ora::storage {

class ByteReader;

inline constexpr size_t kChunkSamplesMax = 65'536;

enum class ChunkEffort {
  kFast,  // For the first sealing: no entropy coder that needs a table.
  kBest,  // For what stays: the smallest of all codings.
};

struct EncodeScratch;
struct DecodeScratch;

// Keeps its working memory (some 40 bytes a sample of the longest chunk, and 100 KiB once kBest
// needs it) from one chunk to the next. One thread at a time.
class ChunkEncoder {
 public:
  ChunkEncoder();
  ~ChunkEncoder();

  // Appends the chunk of these samples to `append_to`. The spans are of one length, 1 to
  // kChunkSamplesMax; times strictly ascending. Anything else is a bug of the caller and aborts.
  void Append(absl::Span<const int64_t> time_millis, absl::Span<const double> values,
              ChunkEffort effort, std::string& append_to);

 private:
  std::unique_ptr<EncodeScratch> scratch_;
};

// Keeps its working memory (9 bytes a sample of the longest chunk, and 100 KiB once a chunk needs
// it) from one chunk to the next. One thread at a time.
class ChunkDecoder {
 public:
  ChunkDecoder();
  ~ChunkDecoder();

  // Appends the samples of `chunk` to `append_to`, which is unchanged on error. Any bytes are safe
  // to pass. DATA_LOSS: they are no chunk, or a damaged one. A chunk bears no checksum of its own:
  // a flipped bit within the packed values is for the store around it to notice.
  absl::Status Append(absl::string_view chunk, SampleColumns& append_to);

  // Writes the samples of `chunk` up to `end_millis` (a few more may follow that count for nothing)
  // over what stands in `columns` from `at` on, and returns how many there are up to then. The
  // columns are lengthened where they must, never shortened: so that their memory is not cleared
  // for each chunk. Errors as Append; what is behind the samples asked for is not checked.
  absl::StatusOr<size_t> DecodeAt(absl::string_view chunk, int64_t end_millis, size_t at,
                                  SampleColumns& columns);

 private:
  std::unique_ptr<DecodeScratch> scratch_;
};

// The same with an encoder, and a decoder, that each thread keeps. Any thread.
std::string EncodeChunk(absl::Span<const int64_t> time_millis, absl::Span<const double> values,
                        ChunkEffort effort);
absl::Status DecodeChunk(absl::string_view chunk, SampleColumns& append_to);
absl::StatusOr<size_t> DecodeChunkAt(absl::string_view chunk, int64_t end_millis, size_t at,
                                     SampleColumns& columns);

// Reads what stands before the columns: how many samples they have, 1 to kChunkSamplesMax.
// DATA_LOSS: there is no head that this program reads.
absl::StatusOr<size_t> ReadChunkHead(ByteReader& reader);

// How many samples the chunk says it has, 1 to kChunkSamplesMax, from its first bytes alone.
// DATA_LOSS: it has no header that this program reads.
absl::StatusOr<size_t> ChunkSampleCount(absl::string_view chunk);

}  // namespace ora::storage
