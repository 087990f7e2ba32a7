// Whether what was sent can be read again.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tests/bench/load/load_options.h"

namespace ora::bench {

// Reads `options.verified_series` series of hosts picked by the seed through the aggregator's
// QueryService and compares every time and every value, bit for bit, with the workload; returns how
// many samples were compared. DATA_LOSS: the first that differs, with what it should be.
absl::StatusOr<uint64_t> ReadBack(const LoadOptions& options, const std::string& address);

}  // namespace ora::bench
