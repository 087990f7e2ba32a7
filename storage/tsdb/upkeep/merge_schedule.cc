#include "storage/tsdb/upkeep/merge_schedule.h"

#include <utility>

namespace ora::storage {

std::vector<MergeTask> MergeSchedule::Due(absl::Span<const PartitionView> partitions,
                                          MergeOccasion occasion, Day today, absl::Duration now) {
  std::vector<MergeTask> due;
  decltype(seen_) seen;  // Without the partitions that are gone.
  for (const PartitionView& view : partitions) {
    const PartitionId& id = view.id();
    const PartitionContents& contents = *view.contents;
    const bool closed = id.end_day() <= today;
    if (id.resolution != Resolution::kRaw || contents.young.isEmpty()) continue;
    Seen last{contents.samples, contents.sealings, now};
    const auto before = seen_.find(id);
    const bool same = before != seen_.end() && before->second.samples == contents.samples &&
                      before->second.sealings == contents.sealings;
    if (same) last.since = before->second.since;
    seen[id] = last;
    const bool quiet = closed && now - last.since >= kQuietBeforeClosing;
    if (occasion == MergeOccasion::kSettle || quiet ||
        (closed && occasion == MergeOccasion::kIdle)) {
      due.push_back({id, true});
    } else if (occasion == MergeOccasion::kIdle || contents.sealings >= kSealingsBeforeMerge) {
      due.push_back({id, false});
    }
  }
  seen_ = std::move(seen);
  return due;
}

}  // namespace ora::storage
