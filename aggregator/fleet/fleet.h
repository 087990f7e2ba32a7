// Which hosts there are, and which of them are heard.
//
// A host is known from its collector's first hello on, and for ever (its record is durable). It is
// live while a stream of it is open and not silent for `silence_limit`. After a restart of the
// aggregator a host that does not come back within that limit is silent, and named.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ora/v1/fleet_service.pb.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/log_sink.h"
#include "storage/series_writer.h"
#include "storage/state_store.h"

namespace ora::aggregator {

struct FleetOptions {
  absl::Duration silence_limit = absl::Seconds(15);
  absl::Duration up_interval = absl::Seconds(10);  // Between samples of `up`.
};

// What every message and every batch of a host touches. Thread-safe, without a lock; its figures
// are each right, not all of one moment.
struct HostFigures {
  std::atomic<int64_t> heard_nanos{0};  // Monotonic.
  std::atomic<int64_t> heard_unix_nanos{0};
  std::atomic<uint64_t> spool_bytes{0};
  std::atomic<uint64_t> durable_sequence{0};
  std::atomic<uint64_t> batches_stored{0};
  std::atomic<uint64_t> samples_stored{0};
  std::atomic<uint64_t> samples_rejected{0};
  std::atomic<int64_t> skew_nanos{0};
  std::atomic<int64_t> last_batch_unix_nanos{0};  // 0: none since the aggregator started.
};

// A batch that became durable.
struct StoredBatch {
  uint64_t sequence = 0;
  uint64_t samples_stored = 0;
  uint64_t samples_rejected = 0;
  absl::Duration skew;  // Its newest sample's time minus the clock's at arrival.
};

// One stream of a host. Thread-safe. Shared by the stream's session and the fleet, of which either
// may let go first.
class HostStream {
 public:
  // `clock` must outlive all calls.
  HostStream(std::string instance, std::shared_ptr<HostFigures> figures, storage::Clock& clock)
      : instance_(std::move(instance)), figures_(std::move(figures)), clock_(clock) {}

  const std::string& instance() const { return instance_; }

  // False: a newer stream of the same host has taken this one's place; end it.
  bool IsCurrent() const { return current_.load(std::memory_order_acquire); }

  // Something was received. Of a stream that is not current, nothing counts.
  void Heard();
  void HeardSpool(uint64_t spool_bytes);

  void BatchStored(const StoredBatch& batch);

  // A newer stream takes its place. For the fleet.
  void Supersede() { current_.store(false, std::memory_order_release); }

 private:
  const std::string instance_;
  const std::shared_ptr<HostFigures> figures_;
  storage::Clock& clock_;
  std::atomic<bool> current_{true};
};

// Thread-safe; no call blocks on the disk but Open, WriteUp and the threads of its own.
class Fleet {
 public:
  virtual ~Fleet() = default;

  // All references must outlive the fleet.
  static absl::StatusOr<std::unique_ptr<Fleet>> Open(const FleetOptions& options,
                                                     storage::StateStore& state,
                                                     storage::SeriesWriter& writer,
                                                     storage::Clock& clock, storage::LogSink& log,
                                                     storage::Counters& counters);

  // A collector said hello. The host's earlier stream is no longer current.
  virtual std::shared_ptr<HostStream> Connected(const v1::Hello& hello) = 0;

  // The stream has ended.
  virtual void Disconnected(const HostStream& stream) = 0;

  // Sorted by instance.
  virtual std::vector<v1::Host> Hosts() const = 0;

  // NOT_FOUND: no collector has connected under that name.
  virtual absl::StatusOr<v1::Host> Find(const std::string& instance) const = 0;

  // Writes `up{instance, job="ora"}`, 1 or 0, of every host at the clock's time, and makes changed
  // host records durable.
  virtual absl::Status WriteUp() = 0;

  // Does WriteUp every `up_interval` on a thread of its own until Stop (or the destructor).
  virtual void Start() = 0;
  virtual void Stop() = 0;
};

}  // namespace ora::aggregator
