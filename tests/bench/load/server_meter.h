// What the process under load has used so far.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::bench {

struct ServerUse {
  double cpu_seconds = 0;  // User and system, since the process started.
  uint64_t resident_bytes = 0;
  uint64_t resident_bytes_peak = 0;  // 0 where it cannot be known.
};

// What the store says that it holds.
struct StoreStatus {
  uint64_t series = 0;
  uint64_t samples_open = 0;
  uint64_t samples_sealed = 0;
};

class ServerMeter {
 public:
  virtual ~ServerMeter() = default;
  virtual absl::StatusOr<ServerUse> Read() = 0;
};

// Reads /proc of a process on this host. Read: NOT_FOUND once the process is gone.
std::unique_ptr<ServerMeter> MakeProcessMeter(pid_t pid);

// Asks the aggregator at `address` by AdminService.GetStatus, which costs it some microseconds.
absl::StatusOr<std::unique_ptr<ServerMeter>> MakeStatusMeter(absl::string_view address);

// Asks the aggregator at `address` by AdminService.GetStatus.
absl::StatusOr<StoreStatus> ReadStoreStatus(absl::string_view address);

}  // namespace ora::bench
