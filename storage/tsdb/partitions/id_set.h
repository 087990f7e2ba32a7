// Sets of series ids as bytes: ids are dense, so a set is a few runs.
#pragma once

#include <roaring/roaring.hh>

#include "absl/types/optional.h"
#include "storage/rocks/record_bytes.h"

namespace ora::storage {

// The number of runs, then of each run the ids left out before it and its length, as varints.
void PutIdSet(RecordWriter& writer, const Roaring& ids);

// Absent: the bytes end too early, or the runs pass the highest id. Any bytes are safe to pass.
absl::optional<Roaring> TakeIdSet(RecordReader& reader);

}  // namespace ora::storage
