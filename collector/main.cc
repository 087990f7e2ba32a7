// ora-collector: the flags, the host's own environment, the signals.
#include <csignal>
#include <iostream>
#include <map>
#include <string>

#include "CLI/CLI.hpp"
#include "collector/collector.h"
#include "collector/config/load_config.h"
#include "proto/transport/channel.h"
#include "storage/env/posix_file_system.h"
#include "storage/env/real_clock.h"
#include "storage/env/stderr_log_sink.h"

namespace {

// Exit statuses.
constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUse = 2;

using ora::storage::LogSeverity;

struct Flags {
  std::string config;
  ora::collector::ConfigOverrides overrides;
  bool check_config = false;
  LogSeverity log_level = LogSeverity::kInfo;
};

int Fail(int status, const absl::Status& error) {
  std::cerr << "ora-collector: " << error.message() << "\n";
  return status;
}

// The signals that end the program, kept from every thread for main to wait for.
sigset_t BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int Run(const Flags& flags) {
  ora::storage::PosixFileSystem files;
  auto config = ora::collector::LoadCollectorConfig(flags.config, flags.overrides, files);
  if (!config.ok()) return Fail(kWrongUse, config.status());
  if (flags.check_config) {
    std::cout << (flags.config.empty() ? "the default configuration" : flags.config) << ": ok\n";
    return kDone;
  }
  const sigset_t signals = BlockSignals();  // Before there is any thread; a channel starts some.
  const auto channel = ora::MakeChannel(config->aggregator(), ora::ChannelUse::kStream);
  if (!channel.ok()) return Fail(kWrongUse, channel.status());
  const ora::collector::HostRoots roots;
  if (absl::Status status = ora::collector::ResolveIdentity(roots, files, *config); !status.ok()) {
    return Fail(kFailed, status);
  }

  ora::storage::RealClock clock;
  ora::storage::Counters counters;
  const auto log = ora::storage::MakeStderrLogSink(flags.log_level);
  const ora::collector::Environment environment{clock, files, *log, counters, roots};
  auto collector = ora::collector::Collector::Start(*config, environment, *channel);
  if (!collector.ok()) {
    return Fail(absl::IsInvalidArgument(collector.status()) ? kWrongUse : kFailed,
                collector.status());
  }
  int signal = 0;
  sigwait(&signals, &signal);
  log->Info(signal == SIGTERM ? "collector: SIGTERM, stopping" : "collector: SIGINT, stopping");
  (*collector)->Stop();
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Follows the logs and samples the processes of this host, for an Ora aggregator.",
               "ora-collector");
  app.add_option("--config", flags.config, "The YAML configuration; defaults without")
      ->type_name("FILE");
  app.add_flag("--check-config", flags.check_config, "Check the configuration and end");
  app.add_option("--aggregator", flags.overrides.aggregator, "In place of the file's aggregator")
      ->type_name("HOST:PORT");
  app.add_option("--state-dir", flags.overrides.state_directory,
                 "In place of the file's state_directory")
      ->type_name("DIRECTORY");
  app.add_option("--instance", flags.overrides.instance, "In place of the file's instance");
  const std::map<std::string, LogSeverity> levels = {{"debug", LogSeverity::kDebug},
                                                     {"info", LogSeverity::kInfo},
                                                     {"warning", LogSeverity::kWarning},
                                                     {"error", LogSeverity::kError}};
  app.add_option("--log-level", flags.log_level, "The least severe line to log: info if not given")
      ->transform(CLI::CheckedTransformer(levels))
      ->option_text("debug|info|warning|error");
  app.set_version_flag("--version", std::string("ora-collector ") + ORA_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // How CLI11 tells; also --help and --version.
    return app.exit(error) == 0 ? kDone : kWrongUse;
  }
  return Run(flags);
}
