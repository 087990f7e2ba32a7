// Streams the spool to the aggregator, for ever: connects, says who it is, sends what is not
// acknowledged, takes acknowledgements, begins again after every failure.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "collector/spool/spool.h"
#include "ora/v1/ingest_service.pb.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/log_sink.h"

namespace grpc {
class Channel;
}

namespace ora::collector {

struct ShipperOptions {
  v1::Hello hello;  // With the spool's incarnation.
  absl::Duration backoff_min = absl::Milliseconds(200);
  absl::Duration backoff_max = absl::Seconds(15);
  // After the aggregator said that a newer stream took this one's place.
  absl::Duration replaced_backoff = absl::Minutes(1);
  // A stream without a welcome for this long is given up.
  absl::Duration welcome_limit = absl::Seconds(30);
  uint64_t jitter_seed = 1;  // Hosts that fail together must not come back together.
};

enum class ShipperState { kConnecting, kStreaming, kStopped };

// Thread-safe. Owns one thread, on which everything but gRPC's reactions happens.
class Shipper {
 public:
  virtual ~Shipper() = default;

  // Starts at once. References must outlive the shipper.
  static std::unique_ptr<Shipper> Start(const ShipperOptions& options,
                                        std::shared_ptr<grpc::Channel> channel, Spool& spool,
                                        storage::Clock& clock, storage::LogSink& log,
                                        storage::Counters& counters);

  // Waits up to `limit` for everything spooled to be acknowledged; true if it is.
  virtual bool Drain(absl::Duration limit) = 0;

  // Ends the stream and the thread. Idempotent; the destructor calls it.
  virtual void Stop() = 0;

  virtual ShipperState state() const = 0;
};

}  // namespace ora::collector
