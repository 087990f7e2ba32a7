// What ora-load is asked to do.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/workload/w1.h"

namespace ora::bench {

enum class Settling { kNo, kYes };
enum class ReportForm { kLines, kJson };

struct LoadOptions {
  // One of the two: a running aggregator's HOST:PORT, or a program that is started for the run.
  std::string aggregator;
  std::string binary;
  std::string config;  // The started aggregator's configuration file; its defaults if empty.
  int pid = 0;         // Of the running aggregator, where it is on this host; 0: it is asked.

  W1Options workload;
  uint32_t hosts = 100;
  uint32_t hosts_per_connection = 1;
  uint64_t batches = 200;                   // Of each host: as many steps of the workload.
  absl::Time start = absl::InfinitePast();  // Of the data; so that it ends now unless given.
  double rate = 0;         // Batches a second of each host; 0: as fast as they are acknowledged.
  uint32_t window = 16;    // Batches of a host that may be unacknowledged.
  uint32_t pack = 256;     // And that a message may hold, as far as the aggregator takes them.
  uint64_t in_flight = 0;  // And of all hosts together; 0: what their windows let.
  uint32_t threads = 2;
  absl::Duration warm_up = absl::ZeroDuration();  // Not measured, at the begin of a steady load.
  uint32_t verified_series = 8;                   // Read back and compared; 0: none.

  Settling settling = Settling::kNo;
  absl::Duration settle_min = absl::Seconds(70);
  absl::Duration settle_limit = absl::Seconds(300);
  ReportForm form = ReportForm::kLines;
};

// What the command line asks for, and whether it asks only for help: then there is nothing to run.
struct CommandLine {
  LoadOptions options;
  std::string help;
};

// `now` is where the data ends unless --start or --late says otherwise. INVALID_ARGUMENT: a flag
// is unknown or out of range.
absl::StatusOr<CommandLine> ParseLoadOptions(int argc, char** argv, absl::Time now);

}  // namespace ora::bench
