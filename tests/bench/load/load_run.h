// One run of ora-load from its start to its report.
#pragma once

#include "absl/status/statusor.h"
#include "storage/env/clock.h"
#include "tests/bench/load/load_options.h"
#include "tests/bench/load/report.h"
#include "tests/bench/load/stream_worker.h"

namespace ora::bench {

// Starts the aggregator if it is to, loads it, reads back, lets it settle, measures. Nothing that
// it started is left when it returns. RESOURCE_EXHAUSTED: this process may not open as many files
// as connections are wanted; else as RunFleetLoad and ReadBack.
absl::StatusOr<Report> RunLoad(const LoadOptions& options, storage::Clock& clock,
                               const StopRequested& stop_requested);

}  // namespace ora::bench
