// What the parts of the series index share, and how they share it.
#pragma once

#include <cstdint>
#include <roaring/roaring.hh>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/index/epoch_pins.h"
#include "storage/index/label_pairs.h"
#include "storage/index/series_table.h"

namespace ora::storage {

// Whoever works on many series or values takes the lock for a stretch of this many at a time, so
// that nobody waits for long.
inline constexpr size_t kStretch = 8192;

// A reader that wants to look at records and texts without the lock takes a pin while it holds it,
// and collects pointers and the directory of pairs: those stay as they are until the pin is gone.
struct IndexTables {
  mutable absl::Mutex mutex;
  LabelPairs pairs ABSL_GUARDED_BY(mutex);
  SeriesTable series ABSL_GUARDED_BY(mutex);
  Roaring allotted ABSL_GUARDED_BY(mutex);
  Roaring published ABSL_GUARDED_BY(mutex);
  EpochPins pins;  // Locks for itself, under `mutex`.
};

}  // namespace ora::storage
