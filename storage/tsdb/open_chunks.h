// The newest samples, in memory until they are sealed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "storage/rocks/database.h"
#include "storage/rocks/keys.h"
#include "storage/sample.h"
#include "storage/series_writer.h"

namespace ora::storage {

// Samples of many series in the order in which they were stored, by time in no order, a time
// perhaps twice. Written by OpenChunks under its lock until it is frozen, then read by anyone.
class OpenGeneration {
 public:
  void Append(SeriesId id, const Sample& sample);
  absl::Span<const Sample> SamplesOf(SeriesId id) const;
  void ForEachSeries(
      absl::FunctionRef<void(SeriesId id, absl::Span<const Sample> samples)> visit) const;

  uint64_t samples() const { return samples_; }
  uint64_t last_log_number() const { return last_log_number_; }
  void set_last_log_number(uint64_t log_number) { last_log_number_ = log_number; }

 private:
  // Series in segments, so that growth never moves them all.
  static constexpr size_t kSegmentSeries = 1024;
  struct Segment {
    std::vector<Sample> series[kSegmentSeries];
  };

  std::vector<std::unique_ptr<Segment>> segments_;
  uint64_t samples_ = 0;
  uint64_t last_log_number_ = 0;  // Of the newest batch record in it.
};

// Two generations: one that grows, and while a sealing runs (or after one failed) one that is
// frozen. Appends go on while the frozen one is written out. Thread-safe.
class OpenChunks {
 public:
  // A durable batch record.
  struct Logged {
    uint64_t log_number = 0;
    const std::vector<WriteBlock>* blocks = nullptr;
  };

  // What a reader sees: all that was stored when it was captured, and nothing twice or missing
  // however far a sealing has come.
  struct View {
    // Shared, since readers may use a generation after it was sealed.
    std::shared_ptr<const OpenGeneration> frozen;
    std::shared_ptr<const OpenGeneration> growing;
    std::vector<uint32_t> growing_counts;  // By the position in `ids` of Capture.
    std::unique_ptr<DatabaseSnapshot> sealed;
  };

  OpenChunks();

  // All of `group`, which readers see at once.
  void Apply(absl::Span<const Logged> group) ABSL_LOCKS_EXCLUDED(mutex_);

  View Capture(const Database& database, absl::Span<const SeriesId> ids) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Samples of `ids[position]` as captured, in the order in which they were stored.
  std::vector<Sample> Read(const View& view, size_t position, SeriesId id) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The frozen generation; if there is none, the growing one is frozen. Null: nothing is open.
  std::shared_ptr<const OpenGeneration> Freeze() ABSL_LOCKS_EXCLUDED(mutex_);

  // The frozen generation is sealed, so new readers find it in the database.
  void DropFrozen() ABSL_LOCKS_EXCLUDED(mutex_);

  bool HasFrozen() const ABSL_LOCKS_EXCLUDED(mutex_);
  uint64_t samples() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Of memory, those of a frozen generation included.
  uint64_t bytes() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;  // Held for as long as a group is appended or one series copied.
  std::shared_ptr<OpenGeneration> growing_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const OpenGeneration> frozen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
