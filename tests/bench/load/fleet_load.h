// A whole load: all hosts of a workload against one aggregator, and what it took.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "storage/env/clock.h"
#include "tests/bench/load/latencies.h"
#include "tests/bench/load/load_options.h"
#include "tests/bench/load/server_meter.h"
#include "tests/bench/load/stream_worker.h"

namespace ora::bench {

struct LoadFigures {
  // From the first connection until every host's first batch, with its definitions, was durable.
  double opening_seconds = 0;
  double opening_cpu_seconds = 0;  // The server's, as below.
  // From then, or from the end of the warm-up, to the last acknowledgement.
  double seconds = 0;
  double cpu_seconds = 0;
  uint64_t batches = 0;
  Latencies latencies;
  // At the last acknowledgement, all streams still open.
  ServerUse use;
};

// Sends everything and closes the streams; nothing is left of it when it returns. UNAVAILABLE and
// others: what the aggregator said to a stream, with the host's name; CANCELLED: the user stopped.
absl::StatusOr<LoadFigures> RunFleetLoad(const LoadOptions& options, const std::string& address,
                                         ServerMeter& meter, storage::Clock& clock,
                                         const StopRequested& stop_requested);

}  // namespace ora::bench
