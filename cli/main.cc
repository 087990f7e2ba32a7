#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "cli/grpc_client.h"
#include "cli/run.h"
#include "storage/env/posix_file_system.h"
#include "storage/env/real_clock.h"

namespace {

constexpr int kTerminalWidthDefault = 80;

// Columns of the terminal that standard output is; nothing if it is none.
std::optional<int> TerminalWidth() {
  if (isatty(STDOUT_FILENO) == 0) return std::nullopt;
  winsize size = {};
  const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : kTerminalWidthDefault;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  ora::storage::RealClock clock;
  ora::storage::PosixFileSystem files;
  const ora::cli::Surroundings surroundings{
      .variable = Variable,
      .terminal_width = TerminalWidth(),
      .now = clock.Now(),
      .connect = [](const std::string& address,
                    absl::Time deadline) { return ora::cli::MakeGrpcClient(address, deadline); },
      .out = std::cout,
      .err = std::cerr,
      .files = &files};
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return static_cast<int>(ora::cli::Run(words, surroundings));
}
