// The batches of one stream on their way to the store, one after the other.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "aggregator/fleet/fleet.h"
#include "aggregator/ingest/ingest_session.h"
#include "aggregator/ingest/rejections.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/series_writer.h"

namespace ora::aggregator {

// The counters that every stream adds to.
struct IngestCounters {
  explicit IngestCounters(storage::Counters& counters);

  storage::Counter& batches;
  storage::Counter& repeats;
  storage::Counter& samples;
  storage::Counter& samples_rejected;
  storage::Counter& write_errors;
  storage::Counter& streams;
  storage::Counter& streams_refused;
  storage::Counter& streams_failed;
};

// A batch that was checked, and what of it the session itself has refused.
struct QueuedBatch {
  storage::WriteBatch batch;
  Rejections rejections;
  uint64_t bytes = 0;
  absl::Duration skew;
};

// Thread-safe. One batch of a stream is with the store at a time: if it fails, none after it may
// be stored, for the sender's mark would then pass over it and it would be lost. Batches of many
// streams share a sync.
//
// Shared: the session holds it, and so does the callback of the batch that is with the store, which
// may come after the session is gone.
class BatchLine : public std::enable_shared_from_this<BatchLine> {
 public:
  // What must outlive the line does, except `replies` and `fleet`: those until Close.
  BatchLine(IngestReplies& replies, storage::SeriesWriter& writer, Fleet& fleet,
            const IngestCounters& counters)
      : writer_(writer), counters_(counters), replies_(&replies), fleet_(&fleet) {}

  // Whose batches they are; before the first Append.
  void SetStream(std::string instance, StreamNumber stream) ABSL_LOCKS_EXCLUDED(mutex_);

  void Append(QueuedBatch batch) ABSL_LOCKS_EXCLUDED(mutex_);

  // Bytes of batches that are not acknowledged.
  uint64_t outstanding_bytes() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Passed on to the replies, unless the stream has ended.
  void Reply(v1::StreamResponse response) ABSL_LOCKS_EXCLUDED(mutex_);
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  bool ended() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Batches that wait are dropped (the collector has them still); replies and fleet are not
  // touched after this returns.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Hands the first batch to the store, unless one is there. Writes without the lock: a writer may
  // answer at once.
  void WriteNext() ABSL_LOCKS_EXCLUDED(mutex_);
  void Written(const absl::StatusOr<storage::WriteOutcome>& outcome) ABSL_LOCKS_EXCLUDED(mutex_);
  void Acknowledge(const storage::WriteOutcome& outcome) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  storage::SeriesWriter& writer_;
  const IngestCounters counters_;

  mutable absl::Mutex mutex_;  // Held across calls of replies and fleet, which do not block.
  IngestReplies* replies_ ABSL_GUARDED_BY(mutex_);  // Null once the stream has ended.
  Fleet* fleet_ ABSL_GUARDED_BY(mutex_);            // Null after Close.
  std::string instance_ ABSL_GUARDED_BY(mutex_);
  StreamNumber stream_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<QueuedBatch> queue_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  QueuedBatch current_ ABSL_GUARDED_BY(mutex_);  // What is with the store, without its samples.
  uint64_t outstanding_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ora::aggregator
