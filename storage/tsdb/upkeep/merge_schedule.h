// Which partitions are merged when.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "storage/rocks/keys.h"
#include "storage/tsdb/partitions/merge_plan.h"
#include "storage/tsdb/partitions/partition_set.h"

namespace ora::storage {

// A merge of a growing partition waits for this many sealings.
inline constexpr uint32_t kSealingsBeforeMerge = 6;
// Nothing more is awaited for a day that is over when nothing came for this long.
inline constexpr absl::Duration kQuietBeforeClosing = absl::Hours(1);

// Why partitions are looked at.
enum class MergeOccasion {
  kRoutine,  // Those are merged that have waited long enough.
  kIdle,     // Nothing was written for a while: all of them, those of days that are over for good.
  kSettle,   // All of them for good.
};

struct MergeTask {
  PartitionId id;
  // For good: rows become as long as they may, and the space of the rows before is given back.
  bool closing = false;
};

// Remembers when each partition was changed last. Not thread-safe.
class MergeSchedule {
 public:
  // The raw partitions of `partitions` that are due at `now`, monotonic; `today` is the clock's
  // day. Tells of a partition until its contents have no young series.
  std::vector<MergeTask> Due(absl::Span<const PartitionView> partitions, MergeOccasion occasion,
                             Day today, absl::Duration now);

 private:
  struct Seen {
    uint64_t samples = 0;
    uint32_t sealings = 0;
    absl::Duration since;
  };

  absl::btree_map<PartitionId, Seen> seen_;
};

}  // namespace ora::storage
