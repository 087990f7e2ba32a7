// A bounded, durable queue of batches that wait for the aggregator's acknowledgement, and with each
// of them what the collector must remember once it is spooled.
//
// Batches come out in the order they went in, at least once: one that was not acknowledged comes
// out again after a restart. A batch and the state changes given with it are durable together or
// not at all; that is why a line is counted exactly once (its count is in the batch, its position
// in the state). Thread-safe. One Spool per directory (a lock says so). The format is in README.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/file_system.h"
#include "storage/env/log_sink.h"

namespace ora::collector {

enum class SpoolFullPolicy { kStopReading, kDropOldest };

struct SpoolOptions {
  std::string directory;
  uint64_t bytes_max = uint64_t{1} << 30;
  uint64_t segment_bytes_max = uint64_t{8} << 20;  // A new segment begins past this.
  SpoolFullPolicy when_full = SpoolFullPolicy::kStopReading;
};

// A small record that the collector keeps: absent value deletes it.
struct StateChange {
  std::string key;
  absl::optional<std::string> value;
};

struct SpooledBatch {
  uint64_t sequence = 0;
  uint64_t segment = 0;
  std::string batch;  // As given to Append.
};

struct SpoolStatistics {
  uint64_t bytes_on_disk = 0;
  uint64_t bytes_pending = 0;  // Of batches not acknowledged.
  uint64_t batches_pending = 0;
  uint64_t last_sequence = 0;
  uint64_t acknowledged_sequence = 0;
};

class Spool {
 public:
  virtual ~Spool() = default;

  // Opens the spool in `options.directory`, creates it if absent, cuts off a half-written tail.
  // All references must outlive the spool. A segment that fails its checksums is read up to the
  // damage; what is lost is logged and counted (`ora_spool_damaged_bytes_total`), the rest served.
  // FAILED_PRECONDITION: another process has it open.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(const SpoolOptions& options,
                                                     storage::FileSystem& files,
                                                     storage::Clock& clock, storage::LogSink& log,
                                                     storage::Counters& counters);

  // Told anew when the spool was created anew, so that sequences may begin at 1. Never 0.
  virtual uint64_t incarnation() const = 0;

  // The state as of the last durable batch, by key.
  virtual std::map<std::string, std::string> State() const = 0;

  // The number of the segment that the next Append goes to. Changes only through Append.
  virtual uint64_t NextSegment() const = 0;

  // Makes `batch` and `changes` durable (synced) and returns the batch's sequence number: 1 for
  // the first, then one by one. RESOURCE_EXHAUSTED: `bytes_max` is reached and the policy is to
  // stop, or the disk is full; retry later. Unchanged on error.
  virtual absl::StatusOr<uint64_t> Append(absl::string_view batch,
                                          absl::Span<const StateChange> changes) = 0;

  // The first batch with a sequence above `after` that is still kept (acknowledged ones of a
  // segment in use are too: they name series); none if there is none. Sequential reads are cheap.
  virtual absl::StatusOr<absl::optional<SpooledBatch>> Read(uint64_t after) = 0;

  // Waits until there is a batch above `after`, Wake is called, or `limit` has passed; true if
  // there is a batch.
  virtual bool AwaitBatch(uint64_t after, absl::Duration limit) = 0;

  // Ends the wait that is under way, or the next one if none is: whoever looks at something else
  // before it waits misses nothing.
  virtual void Wake() = 0;

  // Every batch up to `sequence` is durable at the aggregator. Segments with nothing left are
  // deleted.
  virtual void Acknowledge(uint64_t sequence) = 0;

  virtual SpoolStatistics Statistics() const = 0;
};

}  // namespace ora::collector
