// Which hosts there are, and which of them are heard.
//
// A host is known from its collector's first hello on, and for ever (its record is durable). It is
// live while a stream of it is open and not silent for `silence_limit`. After a restart of the
// aggregator a host that does not come back within that limit is silent, and named.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
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

// Which stream of a host: a later one takes the place of an earlier one.
using StreamNumber = uint64_t;

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
  virtual StreamNumber Connected(const v1::Hello& hello) = 0;

  // False: a newer stream of the same collector has taken this one's place; end it.
  virtual bool IsCurrent(const std::string& instance, StreamNumber stream) const = 0;

  // Something was received on the stream.
  virtual void Heard(const std::string& instance, StreamNumber stream) = 0;
  virtual void HeardSpool(const std::string& instance, StreamNumber stream,
                          uint64_t spool_bytes) = 0;

  // A batch became durable; `skew` is its newest sample's time minus the clock's at arrival.
  virtual void BatchStored(const std::string& instance, StreamNumber stream, uint64_t sequence,
                           uint64_t samples_stored, uint64_t samples_rejected,
                           absl::Duration skew) = 0;

  // The stream has ended.
  virtual void Disconnected(const std::string& instance, StreamNumber stream) = 0;

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
