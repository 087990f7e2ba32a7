#include "storage/tsdb/upkeep/merge_schedule.h"

#include <utility>

namespace ora::storage {

std::vector<MergeTask> MergeSchedule::Due(absl::Span<const YoungPartition> partitions,
                                          MergeOccasion occasion, Day today, absl::Duration now) {
  std::vector<MergeTask> due;
  decltype(seen_) seen;  // Without the partitions that are gone.
  for (const YoungPartition& one : partitions) {
    Seen last{one.samples, one.sealings, now};
    const auto before = seen_.find(one.id);
    const bool same = before != seen_.end() && before->second.samples == one.samples &&
                      before->second.sealings == one.sealings;
    if (same) last.since = before->second.since;
    seen[one.id] = last;
    const bool over = one.id.end_day() <= today;
    const bool quiet = over && now - last.since >= kQuietBeforeClosing;
    const bool waited = quiet || one.sealings >= kSealingsBeforeMerge;
    if (occasion == MergeOccasion::kRoutine && !waited) continue;
    due.push_back({one.id, over || occasion == MergeOccasion::kSettle});
  }
  seen_ = std::move(seen);
  return due;
}

}  // namespace ora::storage
