// Which partitions are merged when.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "storage/rocks/keys.h"

namespace ora::storage {

// A merge of a partition that is still sealed into waits for this many sealings.
inline constexpr uint32_t kSealingsBeforeMerge = 6;
// Nothing more is awaited for a day that is over when nothing came for this long.
inline constexpr absl::Duration kQuietBeforeClosing = absl::Hours(1);

// Why partitions are looked at.
enum class MergeOccasion {
  kRoutine,  // Those are merged that have waited long enough.
  kIdle,     // Little is written: all of them.
  kSettle,   // All of them, and for good.
};

// A raw partition with young rows.
struct YoungPartition {
  PartitionId id;
  uint64_t samples = 0;
  uint32_t sealings = 0;  // Since the last merge.
};

struct MergeTask {
  PartitionId id;
  // For good: rows become as long as they may, and the space of the rows before is given back.
  bool closing = false;

  friend bool operator==(const MergeTask& a, const MergeTask& b) = default;
};

// Remembers when each partition was changed last. Not thread-safe.
class MergeSchedule {
 public:
  // Those of `partitions`, which are all that have young rows, that are due at `now`, monotonic;
  // `today` is the clock's day. Partitions of days that are over are always merged for good.
  std::vector<MergeTask> Due(absl::Span<const YoungPartition> partitions, MergeOccasion occasion,
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
