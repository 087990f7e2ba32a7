// Samples of one series to the rows of the raw partitions, and back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "storage/rocks/keys.h"
#include "storage/sample.h"

namespace ora::storage {

struct ChunkRow {
  Day day = 0;  // Which raw partition it goes to.
  ChunkKey key;
  std::string value;
  size_t samples = 0;
};

// Of samples in the order in which they were stored: of two at one time the later stored stays.
SampleColumns InTimeOrder(const SampleColumns& samples);

// One row or more a day; `columns` must not be empty.
std::vector<ChunkRow> MakeChunkRows(Slot slot, SeriesId id, uint32_t seal_number,
                                    const SampleColumns& columns);

// Appends a row's samples; unchanged on error. DATA_LOSS: damaged.
absl::Status AppendChunkValue(absl::string_view value, SampleColumns& append_to);

}  // namespace ora::storage
