// The collector: builds its parts, runs them on one thread (and the shipper's), ends them in order.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/config/host_identity.h"
#include "ora/config/v1/collector_config.pb.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/file_system.h"
#include "storage/env/log_sink.h"

namespace grpc {
class Channel;
}

namespace ora::collector {

// What a collector takes of its host. Collectors of one process may share all of it but the
// counters.
struct Environment {
  storage::Clock& clock;
  storage::FileSystem& files;
  storage::LogSink& log;
  storage::Counters& counters;
  HostRoots roots = {};
  // How long Stop waits for what is spooled to be acknowledged; what is not waits on the disk.
  absl::Duration drain_limit = absl::Seconds(5);
};

// Thread-safe, but for Stop and the destructor. One collector a state directory.
class Collector {
 public:
  virtual ~Collector() = default;  // Stops.

  // Starts to follow, sample and ship at once. `config` is checked, with defaults and identity
  // (LoadCollectorConfig, ResolveIdentity). References of `environment` must outlive the collector.
  // INVALID_ARGUMENT names the setting; FAILED_PRECONDITION: another process has the state
  // directory.
  static absl::StatusOr<std::unique_ptr<Collector>> Start(const config::v1::CollectorConfig& config,
                                                          const Environment& environment,
                                                          std::shared_ptr<grpc::Channel> channel);

  // Waits up to `limit` for all that is spooled now to be acknowledged; true if it is.
  virtual bool AwaitShipped(absl::Duration limit) = 0;

  // Reads once more, ticks, waits up to `drain_limit` for it to be acknowledged, ends. Idempotent.
  virtual void Stop() = 0;
};

}  // namespace ora::collector
