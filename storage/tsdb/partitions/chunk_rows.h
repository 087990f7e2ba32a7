// Samples of one series to the rows of a raw partition, and back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "storage/chunk/chunk_codec.h"
#include "storage/rocks/keys.h"
#include "storage/sample.h"

namespace ora::storage {

struct ChunkRow {
  ChunkKey key;
  std::string value;
  uint64_t samples = 0;
};

// Where rows go.
struct ChunkPlace {
  Day day = 0;
  Slot slot = 0;
  SeriesId id = 0;
  uint32_t seal_number = 0;
};

// Samples of one series; two columns of one length, times strictly ascending.
struct SampleSpans {
  absl::Span<const int64_t> time_millis;
  absl::Span<const double> values;
};

// The parts of `columns` that lie in one day, day by day.
void ForEachDay(const SampleColumns& columns,
                absl::FunctionRef<void(Day day, const SampleSpans& samples)> visit);

// Rows of at most kChunkRowSamplesMax samples, about as many in each. `samples` are of place.day
// and not empty.
std::vector<ChunkRow> MakeChunkRows(const ChunkPlace& place, const SampleSpans& samples,
                                    ChunkEffort effort);

// Appends a row's samples; unchanged on error. DATA_LOSS: damaged.
absl::Status AppendChunkValue(absl::string_view value, SampleColumns& append_to);

// Writes a row's samples up to `end_millis` over what stands in `columns` from `at` on, as
// DecodeChunkAt does, and returns how many. DATA_LOSS: damaged.
absl::StatusOr<size_t> ReadChunkValueAt(absl::string_view value, int64_t end_millis, size_t at,
                                        SampleColumns& columns);

}  // namespace ora::storage
