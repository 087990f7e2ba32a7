// All series of a shard: labels to ids, ids to labels, matchers to ids.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "storage/index/label_postings.h"
#include "storage/index/symbols.h"
#include "storage/labels.h"
#include "storage/matcher.h"

namespace ora::storage {

// A series is allotted first (named, in memory) and published when it is durable; only published
// ones are found by matchers. Thread-safe.
class SeriesIndex {
 public:
  struct Entry {
    uint32_t id = 0;    // 1 for the first.
    uint16_t slot = 0;  // Of the instance that named it first.
  };

  explicit SeriesIndex(uint64_t series_max);

  // The series with these labels, a new one if there is none. RESOURCE_EXHAUSTED: the limit of
  // series is reached.
  absl::StatusOr<Entry> Allot(uint16_t slot, const Labels& labels) ABSL_LOCKS_EXCLUDED(mutex_);

  // A series read back from disk, allotted and published. DATA_LOSS: another has its labels or id.
  absl::Status Restore(Entry entry, const Labels& labels) ABSL_LOCKS_EXCLUDED(mutex_);

  // These allotted series are durable now.
  void Publish(absl::Span<const uint32_t> ids) ABSL_LOCKS_EXCLUDED(mutex_);

  // Ids below `id` are never allotted again, though their records may be lost.
  void SkipIdsBelow(uint32_t id) ABSL_LOCKS_EXCLUDED(mutex_);

  // No series has this id yet, nor a higher one.
  uint32_t IdNext() const ABSL_LOCKS_EXCLUDED(mutex_);

  bool IsAllotted(uint32_t id) const ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsPublished(uint32_t id) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Of allotted series.
  uint16_t SlotOfSeries(uint32_t id) const ABSL_LOCKS_EXCLUDED(mutex_);
  Labels LabelsOf(uint32_t id) const ABSL_LOCKS_EXCLUDED(mutex_);

  // The published series that all matchers match, sorted by labels. RESOURCE_EXHAUSTED: more than
  // `series_max`.
  absl::StatusOr<std::vector<Entry>> Select(absl::Span<const Matcher> matchers,
                                            uint64_t series_max) const ABSL_LOCKS_EXCLUDED(mutex_);

  std::vector<std::string> LabelNames(absl::Span<const Matcher> matchers) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<std::string> LabelValues(absl::string_view label,
                                       absl::Span<const Matcher> matchers) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Published ones.
  uint64_t SeriesCount() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Slots that hold an allotted series, ascending.
  std::vector<uint16_t> SlotsInUse() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct SymbolPair {
    Symbol name = 0;
    Symbol value = 0;
    friend bool operator==(const SymbolPair& a, const SymbolPair& b) = default;
  };
  struct Series {
    std::unique_ptr<SymbolPair[]> labels;  // Sorted as Labels are.
    uint16_t label_count = 0;
    uint16_t slot = 0;
    bool allotted = false;  // False: a gap, named before a restart and never used.
  };
  using SymbolView = absl::Span<const SymbolPair>;

  // Ids, hashed and compared by their labels, so that these are kept once.
  struct HashLabels {
    using is_transparent = void;
    const std::vector<Series>* table;
    size_t operator()(SymbolView labels) const;
    size_t operator()(uint32_t id) const { return (*this)(ViewOf((*table)[id])); }
  };
  struct SameLabels {
    using is_transparent = void;
    const std::vector<Series>* table;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    bool operator()(SymbolView a, uint32_t b) const { return a == ViewOf((*table)[b]); }
    bool operator()(uint32_t a, SymbolView b) const { return (*this)(b, a); }
  };

  static SymbolView ViewOf(const Series& series) {
    return {series.labels.get(), series.label_count};
  }
  std::vector<SymbolPair> SymbolsOf(const Labels& labels) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::optional<std::vector<SymbolPair>> FindSymbolsOf(const Labels& labels) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void Place(Entry entry, SymbolView labels) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PublishOne(uint32_t id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Before(uint32_t a, uint32_t b) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const uint64_t series_max_;
  mutable absl::Mutex mutex_;
  Symbols symbols_ ABSL_GUARDED_BY(mutex_);
  std::vector<Series> series_ ABSL_GUARDED_BY(mutex_);  // By id; the first is none.
  absl::flat_hash_set<uint32_t, HashLabels, SameLabels> by_labels_ ABSL_GUARDED_BY(mutex_);
  LabelPostings postings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
