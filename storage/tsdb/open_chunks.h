// The newest samples, in memory until they are sealed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "storage/open/open_segment.h"
#include "storage/rocks/batch_record.h"
#include "storage/rocks/database.h"
#include "storage/rocks/keys.h"
#include "storage/sample.h"
#include "storage/tsdb/sender_marks.h"

namespace ora::storage {

// What a stretch of batch records holds: samples by series, and the newest marks of their senders.
// Changed by OpenChunks under its lock; a frozen one is read by anyone and loses segments only.
class OpenGeneration {
 public:
  // Series are kept in segments of neighbouring ids; numbers from 0 to before segments().
  size_t segments() const { return segments_.size(); }

  // The series of a segment that have samples, by ascending id, each with its samples in the order
  // in which they were stored. Nothing when the segment was released. `samples` is valid during
  // the call.
  void ForEachSeries(size_t segment,
                     absl::FunctionRef<void(SeriesId id, const SampleColumns&)> visit) const;

  // Encoded MarkKeys and sequences: of what the generation's batch records hold.
  absl::flat_hash_map<std::string, uint64_t> marks() const;

  uint64_t samples() const { return samples_; }
  uint64_t bytes() const { return bytes_; }
  // Of the newest batch record in it; 0 if there is none.
  uint64_t last_log_number() const { return last_log_number_; }

 private:
  friend class OpenChunks;

  OpenSegment& SegmentOf(size_t segment);
  uint32_t CountOf(SeriesId id) const;
  void Append(const SampleRun& run);
  void Prefetch(const SampleRun& run) const;
  std::shared_ptr<const OpenSegment> Release(size_t segment);

  // Shared with readers, who may use a segment after it was released.
  std::vector<std::shared_ptr<OpenSegment>> segments_;
  absl::flat_hash_map<const Sender*, uint64_t> marks_;
  uint64_t samples_ = 0;
  uint64_t bytes_ = 0;
  uint64_t last_log_number_ = 0;
};

// Two generations: one that grows, and while a sealing runs (or after one failed) one that is
// frozen. Appends go on while the frozen one is written out. Thread-safe.
class OpenChunks {
 public:
  // What a reader sees: all that was stored when it was captured, and nothing twice or missing
  // however far a sealing has come. It holds the segments of its series, no others.
  struct View {
    std::vector<size_t> segments;                             // Ascending.
    std::vector<std::shared_ptr<const OpenSegment>> frozen;   // By position in `segments`; null:
    std::vector<std::shared_ptr<const OpenSegment>> growing;  // nothing is open there.
    std::vector<int64_t> oldest_millis;                       // Of both: no sample is before.
    std::vector<uint32_t> growing_counts;                     // By position in `ids` of Capture.
    std::unique_ptr<DatabaseSnapshot> sealed;
  };

  OpenChunks();

  // The samples of a durable batch record, which readers see at once, and the marks in it, whose
  // senders are given in their order (null: none, its mark is left out).
  void Apply(uint64_t log_number, const BatchRecord& record, absl::Span<Sender* const> senders)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // As Apply, but samples of series that `is_known` refuses are left out; returns how many.
  uint64_t ApplyKnown(uint64_t log_number, const BatchRecord& record,
                      absl::Span<Sender* const> senders,
                      absl::FunctionRef<bool(SeriesId id)> is_known) ABSL_LOCKS_EXCLUDED(mutex_);

  View Capture(const Database& database, absl::Span<const SeriesId> ids) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Appends the samples of `ids[position]` as captured, in the order in which they were stored;
  // nothing where all must be after `end_millis`.
  void Read(const View& view, size_t position, SeriesId id, int64_t end_millis,
            SampleColumns& append_to) const ABSL_LOCKS_EXCLUDED(mutex_);

  // The frozen generation; if there is none, the growing one is frozen. Null: nothing is open.
  std::shared_ptr<const OpenGeneration> Freeze() ABSL_LOCKS_EXCLUDED(mutex_);

  // The chunks of a segment of the frozen generation are in the database, durable or not: readers
  // that come now find its samples there, and its memory goes with the last reader who holds it.
  void ReleaseFrozen(size_t segment) ABSL_LOCKS_EXCLUDED(mutex_);

  // The frozen generation is sealed, so new readers find it in the database.
  void DropFrozen() ABSL_LOCKS_EXCLUDED(mutex_);

  bool HasFrozen() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Series that have open samples, ascending.
  std::vector<SeriesId> OpenSeries() const ABSL_LOCKS_EXCLUDED(mutex_);

  uint64_t samples() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Of memory, those of a frozen generation included; what only readers still hold is not.
  uint64_t bytes() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Log(uint64_t log_number, const BatchRecord& record, absl::Span<Sender* const> senders)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Held while a record is appended, while the counts of captured series are read, or while one
  // series' tail is copied.
  mutable absl::Mutex mutex_;
  std::shared_ptr<OpenGeneration> growing_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<OpenGeneration> frozen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
