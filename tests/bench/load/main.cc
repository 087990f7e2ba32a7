// ora-load: loads an aggregator as a fleet of collectors does, and says what that costs it.
//
//   ora-load --binary build/bin/ora-aggregator --hosts 100 --duration 4h --settle --json
//   ora-load --aggregator 127.0.0.1:7460 --hosts 1000 --rate 1 --warm-up 5s --batches 36
#include <csignal>
#include <cstdio>
#include <string>

#include "storage/env/real_clock.h"
#include "tests/bench/load/load_options.h"
#include "tests/bench/load/load_run.h"

namespace {

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitWrongUse = 2;

// Held back for every thread, so that the run notices them where it can end in order.
void HoldStopSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

bool StopIsPending() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

int Fail(int exit_code, const absl::Status& status) {
  std::fprintf(stderr, "ora-load: %s\n", std::string(status.message()).c_str());
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  HoldStopSignals();
  ora::storage::RealClock clock;
  const auto line = ora::bench::ParseLoadOptions(argc, argv, clock.Now());
  if (!line.ok()) return Fail(kExitWrongUse, line.status());
  if (!line->help.empty()) {
    std::fputs(line->help.c_str(), stdout);
    return kExitDone;
  }
  const auto report = ora::bench::RunLoad(line->options, clock, StopIsPending);
  if (!report.ok()) return Fail(kExitFailed, report.status());
  std::fputs(report->ToText(line->options.form).c_str(), stdout);
  return kExitDone;
}
