// The whole program but its contact with the system: words in, text and an exit status out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/aggregator_client.h"
#include "cli/commands/session.h"
#include "storage/env/file_system.h"

namespace ora::cli {

// Makes a client of the aggregator at HOST:PORT whose calls end at the deadline.
using ConnectFn = std::function<absl::StatusOr<std::unique_ptr<AggregatorClient>>(
    const std::string& address, absl::Time deadline)>;

// What the program runs in.
struct Surroundings {
  // An environment variable; empty if it is not set.
  std::function<std::string(const char* name)> variable;
  // Columns of the terminal that `out` is; unset if it is none.
  std::optional<int> terminal_width;
  absl::Time now;
  ConnectFn connect;
  std::ostream& out;
  std::ostream& err;
  storage::FileSystem* files = nullptr;  // This host's, for commands that read files.
};

// Runs the command that `words`, the arguments without the program's name, say.
ExitStatus Run(const std::vector<std::string>& words, const Surroundings& surroundings);

}  // namespace ora::cli
