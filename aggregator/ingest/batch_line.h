// The batches of one stream on their way to the store, in order.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
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

// Batches of one message that were checked and go to the store as one, with the last one's
// sequence, and what of them the session itself has refused.
struct CheckedBatch {
  storage::WriteBatch batch;
  uint64_t batches = 0;
  uint64_t samples = 0;
  Rejections rejections;
  uint64_t bytes = 0;
  absl::Duration skew;
};

// How many batches of all lines are with the store. A line has always room for one; for more only
// while the sum is below the limit, so that a fleet that catches up does not fill the store's
// queue. Thread-safe. Shared, because a line may outlive the ingest.
class StoreShare {
 public:
  explicit StoreShare(uint64_t batches_max) : batches_max_(batches_max) {}

  bool HasRoom() const { return batches_.load(std::memory_order_relaxed) < batches_max_; }
  void Add() { batches_.fetch_add(1, std::memory_order_relaxed); }
  void Remove() { batches_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  const uint64_t batches_max_;
  std::atomic<uint64_t> batches_{0};
};

// Thread-safe, but Append, which is for one thread at a time. Several batches are with the store at
// once. The store keeps their order, and once it has refused one it refuses the later ones of the
// sender too, so that the sender's mark never passes over a batch that is not stored; when the
// sender begins anew on another stream, it refuses what this one left behind.
//
// Shared: the session holds it, and so do the callbacks of batches that are with the store, which
// may come after the session is gone.
class BatchLine : public std::enable_shared_from_this<BatchLine> {
 public:
  // What must outlive the line does, except `replies` and `fleet`: those until Close.
  BatchLine(IngestReplies& replies, storage::SeriesWriter& writer, Fleet& fleet,
            std::shared_ptr<StoreShare> share, const IngestCounters& counters)
      : writer_(writer),
        share_(std::move(share)),
        counters_(counters),
        replies_(&replies),
        fleet_(&fleet) {}

  // Whose batches they are; before the first Append.
  void SetStream(std::shared_ptr<HostStream> stream) ABSL_LOCKS_EXCLUDED(mutex_);

  // Queues the batch for the store, unless the stream has ended. What waits here is bounded by the
  // bytes that a stream may have unacknowledged.
  void Append(CheckedBatch batch) ABSL_LOCKS_EXCLUDED(mutex_);

  // Bytes of batches that are not acknowledged.
  uint64_t outstanding_bytes() const { return outstanding_bytes_.load(std::memory_order_relaxed); }

  // Passed on to the replies, unless the stream has ended.
  void Reply(v1::StreamResponse response) ABSL_LOCKS_EXCLUDED(mutex_);
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // No batch is taken any more.
  bool ended() const { return ended_.load(std::memory_order_relaxed); }

  // Batches that wait are dropped (the collector has them still); replies and fleet are not touched
  // after this returns.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // A batch that is with the store.
  struct Pending {
    uint64_t sequence = 0;
    uint64_t batches = 0;
    uint64_t bytes = 0;
    absl::Duration skew;
    Rejections rejections;
  };

  // Hands what waits to the store, as much as may be with it.
  void HandOver() ABSL_LOCKS_EXCLUDED(mutex_);
  // The next batch that may go to the store, which is pending from now on.
  absl::optional<storage::WriteBatch> TakeNext() ABSL_LOCKS_EXCLUDED(mutex_);
  void Written(const absl::StatusOr<storage::WriteOutcome>& outcome) ABSL_LOCKS_EXCLUDED(mutex_);
  void Acknowledge(Pending& pending, const storage::WriteOutcome& outcome)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  storage::SeriesWriter& writer_;
  const std::shared_ptr<StoreShare> share_;
  const IngestCounters counters_;
  std::atomic<uint64_t> outstanding_bytes_{0};
  std::atomic<bool> ended_{false};

  absl::Mutex mutex_;  // Held across calls of replies and fleet, which do not block.
  IngestReplies* replies_ ABSL_GUARDED_BY(mutex_);  // Null once the stream has ended.
  Fleet* fleet_ ABSL_GUARDED_BY(mutex_);            // Null after Close.
  std::shared_ptr<HostStream> stream_ ABSL_GUARDED_BY(mutex_);
  std::deque<CheckedBatch> waiting_ ABSL_GUARDED_BY(mutex_);
  bool handing_over_ ABSL_GUARDED_BY(mutex_) = false;    // By one thread, so that the order stays.
  std::deque<Pending> pending_ ABSL_GUARDED_BY(mutex_);  // In the order of the writes.
};

}  // namespace ora::aggregator
