// ora-aggregator: flags, configuration, the real host.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "aggregator/aggregator.h"
#include "aggregator/config/load_config.h"
#include "proto/contract/config_checks.h"
#include "storage/env/counters.h"
#include "storage/env/posix_file_system.h"
#include "storage/env/real_clock.h"
#include "storage/env/stderr_log_sink.h"

namespace {

using ora::storage::LogSeverity;

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitWrongUse = 2;

struct Flags {
  std::string config;
  bool check_config = false;
  std::string listen;
  std::string storage_uri;
  std::string state_dir;
  std::string port_file;
  std::string http_listen;
  std::string http_port_file;
  LogSeverity log_level = LogSeverity::kInfo;
};

void AddFlags(CLI::App& app, Flags& flags) {
  static const std::map<std::string, LogSeverity> kLevels = {{"debug", LogSeverity::kDebug},
                                                             {"info", LogSeverity::kInfo},
                                                             {"warning", LogSeverity::kWarning},
                                                             {"error", LogSeverity::kError}};
  app.add_option("--config", flags.config, "YAML file; its fields are the defaults if absent");
  app.add_flag("--check-config", flags.check_config,
               "say what is wrong with the configuration, with file, line and column, and stop");
  app.add_option("--listen", flags.listen, "HOST:PORT to serve gRPC on; port 0 takes a free one");
  auto* uri = app.add_option("--storage-uri", flags.storage_uri, "such as file:///var/lib/ora");
  app.add_option("--state-dir", flags.state_dir, "directory for the state; short for file://DIR")
      ->excludes(uri);
  app.add_option("--port-file", flags.port_file,
                 "file that gets HOST:PORT as soon as calls are served");
  app.add_option("--http-listen", flags.http_listen,
                 "HOST:PORT to serve Prometheus's HTTP API on, or off; port 0 takes a free one");
  app.add_option("--http-port-file", flags.http_port_file,
                 "file that gets HOST:PORT of HTTP as soon as it is served");
  app.add_option("--log-level", flags.log_level, "debug, info, warning or error")
      ->transform(CLI::CheckedTransformer(kLevels, CLI::ignore_case));
  app.set_version_flag("--version", std::string("ora-aggregator ") + ORA_VERSION);
}

// Flags have the last word over the file.
void ApplyFlags(const Flags& flags, ora::config::v1::AggregatorConfig& config) {
  if (!flags.listen.empty()) config.set_listen(flags.listen);
  if (!flags.http_listen.empty()) config.mutable_http()->set_listen(flags.http_listen);
  if (!flags.storage_uri.empty()) config.set_storage_uri(flags.storage_uri);
  if (flags.state_dir.empty()) return;
  const std::filesystem::path directory = std::filesystem::absolute(flags.state_dir);
  config.set_storage_uri(absl::StrCat("file://", directory.lexically_normal().string()));
}

// Each collector's stream is a connection, so a fleet needs more files at once than the soft limit
// that most systems give. The hard limit is the operator's word.
void RaiseFileLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// A stop is asked for by SIGTERM or SIGINT, a look at the rule files by SIGHUP; these wait in the
// kernel until main fetches them, so no thread that is started later must see them.
sigset_t BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int Fail(int exit_code, const absl::Status& status) {
  std::fprintf(stderr, "ora-aggregator: %s\n", std::string(status.message()).c_str());
  return exit_code;
}

int Serve(const Flags& flags, const ora::config::v1::AggregatorConfig& config,
          ora::storage::FileSystem& files, const sigset_t& signals) {
  ora::storage::RealClock clock;
  ora::storage::Counters counters;
  const std::unique_ptr<ora::storage::LogSink> log =
      ora::storage::MakeStderrLogSink(flags.log_level);
  auto aggregator = ora::aggregator::Aggregator::Start(config, {clock, files, *log, counters});
  if (!aggregator.ok()) return Fail(kExitFailed, aggregator.status());
  // The one of gRPC last: whoever waits for it finds the other.
  for (const auto& [path, address] :
       {std::pair(flags.http_port_file, (*aggregator)->http_address()),
        std::pair(flags.port_file, (*aggregator)->address())}) {
    if (path.empty()) continue;
    const absl::Status status = files.ReplaceWhole(path, absl::StrCat(address, "\n"));
    if (!status.ok()) return Fail(kExitFailed, status);
  }
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) (*aggregator)->ReloadRules();
  // A second signal ends the process at once: what was acknowledged is durable at any moment.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  (*aggregator)->Stop();
  return kExitDone;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Ingests streams of collectors, stores their series, answers queries, judges alerts.",
      "ora-aggregator");
  Flags flags;
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitWrongUse;
  }

  ora::storage::PosixFileSystem files;
  absl::StatusOr<ora::config::v1::AggregatorConfig> config =
      ora::aggregator::LoadAggregatorConfig(flags.config, files);
  if (!config.ok()) return Fail(kExitWrongUse, config.status());
  ApplyFlags(flags, *config);
  if (const absl::Status status = ora::contract::Validate(*config); !status.ok()) {
    return Fail(kExitWrongUse, status);
  }
  if (const absl::Status status = ora::aggregator::CheckConfig(*config, files); !status.ok()) {
    return Fail(kExitWrongUse, status);
  }
  if (flags.check_config) {
    std::printf("%s: good\n", flags.config.empty() ? "defaults" : flags.config.c_str());
    return kExitDone;
  }
  // Debian's Abseil looks for deadlocks at every lock, gRPC's own too; that is for the tests.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const sigset_t signals = BlockSignals();
  RaiseFileLimit();
  return Serve(flags, *config, files, signals);
}
