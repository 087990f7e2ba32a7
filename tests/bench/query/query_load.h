// Asks an aggregator the nine queries over gRPC, and measures what that costs it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/query/w1_queries.h"

namespace ora::bench {

struct QueryLoadOptions {
  std::string aggregator;  // HOST:PORT, on this host.
  pid_t pid = 0;           // Its process.
  W1Stored stored;
  std::string only;      // One query's name; empty: all nine.
  uint32_t turns = 32;   // Of each query, that are measured,
  uint32_t warm_up = 8;  // after these.
};

struct QueryFigures {
  std::string name;
  double cpu_ms = 0;          // Median, of all the server's threads.
  double wall_ms = 0;         // Median.
  uint64_t samples_read = 0;  // As the last reply says, as the next two.
  uint64_t series_selected = 0;
  uint64_t series_returned = 0;
};

// One query at a time. Errors are the aggregator's, with the query's name before them.
absl::StatusOr<std::vector<QueryFigures>> RunQueryLoad(const QueryLoadOptions& options);

}  // namespace ora::bench
