// Workload W1 sent to a peer of Ora's by remote write.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/env/clock.h"
#include "tests/bench/load/latencies.h"
#include "tests/bench/workload/w1.h"

namespace ora::bench {

struct RemoteWriteOptions {
  std::string host = "127.0.0.1";
  int port = 0;
  std::string path = "/api/v1/write";
  W1Options workload;
  uint32_t hosts = 100;
  uint32_t hosts_a_request = 1;
  uint32_t steps_a_request = 1;
  uint64_t batches = 200;  // Of each host: as many steps of the workload,
  uint64_t skipped = 0;    // after these.
  absl::Time start;        // Of the data, those skipped included.
  uint32_t connections = 4;
  double rate = 0;  // Requests a second in all; 0: as fast as they are answered.
};

struct RemoteWriteFigures {
  uint64_t samples = 0;
  uint64_t requests = 0;
  double seconds = 0;
  Latencies latencies;  // From the time a request was due, or sent, to its answer.
};

// Sends everything, one request after the other on each connection. UNAVAILABLE: the peer is not
// there, or answers with another status than 2xx.
absl::StatusOr<RemoteWriteFigures> RunRemoteWriteLoad(const RemoteWriteOptions& options,
                                                      storage::Clock& clock);

}  // namespace ora::bench
