// All series of a shard: labels to ids, ids to labels, matchers to ids.
#pragma once

#include <cstdint>
#include <limits>
#include <roaring/roaring.hh>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "storage/cardinality.h"
#include "storage/env/clock.h"
#include "storage/index/creation_times.h"
#include "storage/index/index_tables.h"
#include "storage/index/limit_refusals.h"
#include "storage/index/regex_cache.h"
#include "storage/index/series_selection.h"
#include "storage/labels.h"
#include "storage/matcher.h"

namespace ora::storage {

struct SeriesLimits {
  uint64_t series_max = std::numeric_limits<uint64_t>::max();
  uint64_t series_per_instance_max = std::numeric_limits<uint64_t>::max();
};

// A series is allotted first (named, in memory) and published when it is durable; only published
// ones are found by matchers. Thread-safe.
//
// Nobody holds the lock for long: selections, counts, publishing and forgetting work in stretches
// of a few thousand series or values, and regular expressions and sorting run without the lock.
// Memory follows the living series, however many came and went: some 100 bytes each with 13 labels
// that other series bear too, and 100 more for a label of its own.
class SeriesIndex {
 public:
  using Entry = SeriesSelection::Entry;

  // `clock` must outlive the index.
  SeriesIndex(const SeriesLimits& limits, Clock& clock);

  // The series with these labels, a new one if there is none; it counts as interned now.
  // RESOURCE_EXHAUSTED: a limit is reached; it names the limit and the label to look at.
  absl::StatusOr<Entry> Allot(uint16_t slot, const Labels& labels);

  // A series read back from disk, allotted and published, whatever the limits say. DATA_LOSS:
  // another has its labels or id.
  absl::Status Restore(Entry entry, const Labels& labels);

  // These allotted series are durable now. Ids that were forgotten meanwhile are passed over.
  void Publish(absl::Span<const uint32_t> ids);

  // These series are no more: matchers do not find them, and their labels make new series from here
  // on. Ids that are not allotted are passed over. An id is never given again.
  void Forget(absl::Span<const uint32_t> ids);

  // Ids below `id` are never allotted again, though their records may be lost.
  void SkipIdsBelow(uint32_t id);

  // No series has this id yet, nor a higher one.
  uint32_t IdNext() const;

  // False for forgotten ones.
  bool IsAllotted(uint32_t id) const;
  bool IsPublished(uint32_t id) const;
  // It is allotted, or was.
  bool WasEver(uint32_t id) const;

  // Of allotted series; slot 0 and no labels for others.
  uint16_t SlotOfSeries(uint32_t id) const;
  Labels LabelsOf(uint32_t id) const;

  // Those that were interned in the last `age` (to the minute, rather too long), so that somebody
  // may be about to write to them.
  Roaring IdsInternedWithin(absl::Duration age) const;

  // Series that may be forgotten, ascending: not in `alive` (of any age, published or not), and not
  // interned in the last `age`.
  std::vector<uint32_t> IdleIds(const Roaring& alive, absl::Duration age) const;

  // The published series that all matchers match. RESOURCE_EXHAUSTED: more than `series_max`.
  absl::StatusOr<SeriesSelection> Select(absl::Span<const Matcher> matchers,
                                         uint64_t series_max) const;

  // Of the published series that all matchers match; sorted.
  std::vector<std::string> LabelNames(absl::Span<const Matcher> matchers) const;
  std::vector<std::string> LabelValues(absl::string_view label,
                                       absl::Span<const Matcher> matchers) const;

  // Published ones.
  uint64_t SeriesCount() const;

  // Slots that hold an allotted series, ascending.
  std::vector<uint16_t> SlotsInUse() const;

  // The `top` highest of each list, of allotted series.
  CardinalityReport Cardinality(size_t top) const;

 private:
  // What a new series would break.
  enum class Limit { kNone, kStore, kInstance };
  struct Excess {
    Limit limit = Limit::kNone;
    uint64_t series = 0;
  };

  uint32_t MinuteNow() const;
  absl::optional<Entry> FindAndTouch(const Labels& labels) const
      ABSL_SHARED_LOCKS_REQUIRED(tables_.mutex);
  Excess ExcessOf(const Labels& labels) const ABSL_SHARED_LOCKS_REQUIRED(tables_.mutex);
  absl::Status Refuse(const Excess& excess, const Labels& labels);
  void Place(Entry entry, uint32_t touched_minute, const Labels& labels)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(tables_.mutex);
  void PublishOne(uint32_t id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(tables_.mutex);
  void ForgetOne(uint32_t id, uint64_t epoch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(tables_.mutex);
  void Reclaim(size_t items_max) ABSL_EXCLUSIVE_LOCKS_REQUIRED(tables_.mutex);

  const SeriesLimits limits_;
  Clock& clock_;
  const absl::Duration begun_;
  IndexTables tables_;
  mutable RegexCache cache_;
  LimitRefusals refusals_;
  uint32_t id_next_ ABSL_GUARDED_BY(tables_.mutex) = 1;
  CreationTimes created_ ABSL_GUARDED_BY(tables_.mutex);
  uint64_t forgotten_ ABSL_GUARDED_BY(tables_.mutex) = 0;
  // Allotted series by slot; none of no series.
  absl::flat_hash_map<uint16_t, uint32_t> slots_ ABSL_GUARDED_BY(tables_.mutex);
};

}  // namespace ora::storage
