// grpc.health.v1.Health: whether the server and its services are there.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "aggregator/server/call_loop.h"
#include "aggregator/server/method_table.h"
#include "grpc/health/v1/health.pb.h"

namespace ora::aggregator {

// Everything is served until Stop, and nothing after it. Thread-safe.
class Health {
 public:
  static constexpr size_t kWatchesMax = 1'000;  // Calls that watch at a time.

  // `services` are the full names that may be asked for, beside "". `loop` must outlive it.
  Health(std::vector<std::string> services, CallLoop& loop);

  // Adds the service's methods; it must outlive the table and the calls.
  void AddTo(MethodTable& methods);

  // Says NOT_SERVING to all who watch, and ends their calls.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  // The state of a service; SERVICE_UNKNOWN if there is none of that name.
  grpc::health::v1::HealthCheckResponse::ServingStatus StatusOf(const std::string& service) const
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  class CheckCall;
  class WatchCall;

  // RESOURCE_EXHAUSTED: there are too many already.
  absl::Status Watch(WatchCall& call) ABSL_LOCKS_EXCLUDED(mutex_);
  void Unwatch(WatchCall& call) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::vector<std::string> services_;
  CallLoop& loop_;
  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<WatchCall*> watching_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::aggregator
