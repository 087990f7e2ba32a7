// How samples become durable.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "storage/labels.h"

namespace ora::storage {

// A series as the store knows it: cheap to hold for the life of a stream, so that the hot path
// neither hashes nor compares labels. 0 is none.
using SeriesRef = uint64_t;

// Who sends a batch, so that a repeat is known as one.
struct SenderMark {
  std::string collector_id;  // Empty: not from a collector; no mark is kept.
  uint64_t incarnation = 0;
  uint64_t sequence = 0;  // Higher with each batch of one sender and incarnation.
};

// The values of many series at one instant; the spans are as long as each other.
struct WriteBlock {
  int64_t time_millis = 0;
  std::vector<SeriesRef> series;
  std::vector<double> values;
};

// What becomes durable together. All series are of one instance, and so of one slot and shard.
struct WriteBatch {
  std::string instance;  // The host whose slot the batch belongs to.
  SenderMark sender;
  std::vector<WriteBlock> blocks;
};

// What became of a batch.
struct WriteOutcome {
  bool repeat = false;  // Its sequence was durable already; nothing was stored.
  uint64_t samples_stored = 0;
  uint64_t samples_too_old = 0;   // Outside the out-of-order window.
  uint64_t samples_too_new = 0;   // Too far ahead of the store's clock.
  std::string rejection_example;  // One of the samples not stored, with the limit; empty if none.
};

// Called once for each batch, on a thread of the writer; must not block. UNAVAILABLE: the disk
// refused, or an earlier batch of the sender was refused, or one of the series was forgotten and is
// to be interned again; nothing was stored, send again. RESOURCE_EXHAUSTED: the store is full or
// below its floor of free space. FAILED_PRECONDITION: the store is fenced or not the owner.
using WriteDone = std::function<void(const absl::StatusOr<WriteOutcome>&)>;

// Thread-safe.
class SeriesWriter {
 public:
  virtual ~SeriesWriter() = default;

  // The store's name for a series of `instance`, made durable with the first batch that uses it.
  // RESOURCE_EXHAUSTED: the limit of series is reached (told with the metric's name).
  virtual absl::StatusOr<SeriesRef> Intern(const std::string& instance, const Labels& labels) = 0;

  // Queues a batch; `done` is called when it is durable together with its sender's mark, or
  // refused. Batches of one sender, of which any number may be queued, are stored in the order of
  // the calls; after one that was refused, later ones are too (UNAVAILABLE), until it comes again.
  // Batches of many senders share a sync. At once, with `done` never called: RESOURCE_EXHAUSTED,
  // the queue is full; INVALID_ARGUMENT, the batch is none.
  virtual absl::Status Write(WriteBatch batch, WriteDone done) = 0;

  // The newest durable sequence of a sender's incarnation that begins anew; 0 if there is none. Its
  // batches that are queued and not durable are refused, so that they do not overtake what it sends
  // next; it may leave out what was refused. Whoever wrote for it before must have stopped.
  virtual absl::StatusOr<uint64_t> DurableSequence(const std::string& instance,
                                                   const std::string& collector_id,
                                                   uint64_t incarnation) = 0;
};

// Write, and wait for the outcome. For writers that are not on a hot path: rules, fleet, tests.
absl::StatusOr<WriteOutcome> WriteAndWait(SeriesWriter& writer, WriteBatch batch);

}  // namespace ora::storage
