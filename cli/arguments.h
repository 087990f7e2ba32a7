// The command line: words in, what to do out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/commands/session.h"

namespace ora::cli {

// A command with its options bound.
using Command = std::function<absl::StatusOr<ExitStatus>(Session&)>;

struct Arguments {
  std::string help;        // If set: print it, and that is all.
  std::string aggregator;  // HOST:PORT; empty if not said.
  absl::Duration timeout;
  OutputFormat format = OutputFormat::kTable;
  std::optional<int> width;  // Columns that tables must fit; unset if not said.
  Command command;
};

// `words` are the program's arguments without its name. INVALID_ARGUMENT: an unknown command or
// flag (with what was probably meant), a missing or bad value.
absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>& words);

}  // namespace ora::cli
