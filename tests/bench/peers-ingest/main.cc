// remote-write-load: sends workload W1 to a peer of Ora's by remote write and prints what it did as
// one JSON object. What it costs the peer is for the caller to measure.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "storage/env/real_clock.h"
#include "tests/bench/load/report.h"
#include "tests/bench/peers-ingest/remote_write_load.h"

namespace {

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitWrongUse = 2;
constexpr double kMedian = 0.5;
constexpr double kTail = 0.99;

void AddFlags(CLI::App& app, ora::bench::RemoteWriteOptions& options, int64_t& start_millis) {
  constexpr uint32_t kMany = 100'000;
  app.add_option("--host", options.host, "the peer's address");
  app.add_option("--port", options.port, "the peer's port")->required();
  app.add_option("--path", options.path, "where it takes remote write");
  app.add_option("--hosts", options.hosts, "how many")->check(CLI::Range(1U, kMany));
  app.add_option("--series", options.workload.series_per_host, "of each host")
      ->check(CLI::Range(1U, kMany));
  app.add_option("--batches", options.batches, "of each host, one a step");
  app.add_option("--skip", options.skipped, "steps that another run sent already");
  app.add_option("--start-millis", start_millis, "of the data, as for that run; it ends now");
  app.add_option("--hosts-a-request", options.hosts_a_request, "hosts of one step in a request")
      ->check(CLI::Range(1U, kMany));
  app.add_option("--steps-a-request", options.steps_a_request, "of each host in a request")
      ->check(CLI::Range(1U, kMany));
  app.add_option("--connections", options.connections, "one request at a time each")
      ->check(CLI::Range(1U, kMany));
  app.add_option("--rate", options.rate, "requests a second in all; 0: as answered")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--seed", options.workload.seed, "of the values");
}

}  // namespace

int main(int argc, char** argv) {
  ora::bench::RemoteWriteOptions options;
  CLI::App app("Sends workload W1 by remote write.", "remote-write-load");
  int64_t start_millis = 0;
  AddFlags(app, options, start_millis);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitWrongUse;
  }
  ora::storage::RealClock clock;
  const absl::Duration step = absl::Milliseconds(options.workload.step_millis);
  options.start = start_millis == 0
                      ? clock.Now() - static_cast<int64_t>(options.skipped + options.batches) * step
                      : absl::FromUnixMillis(start_millis);
  const auto figures = ora::bench::RunRemoteWriteLoad(options, clock);
  if (!figures.ok()) {
    std::fprintf(stderr, "remote-write-load: %s\n",
                 std::string(figures.status().message()).c_str());
    return kExitFailed;
  }
  ora::bench::Report report;
  report.Add("samples", static_cast<double>(figures->samples));
  report.Add("requests", static_cast<double>(figures->requests));
  report.Add("seconds", figures->seconds);
  report.Add("ack_p50_ms", absl::ToDoubleMilliseconds(figures->latencies.Quantile(kMedian)));
  report.Add("ack_p99_ms", absl::ToDoubleMilliseconds(figures->latencies.Quantile(kTail)));
  std::fputs(report.ToText(ora::bench::ReportForm::kJson).c_str(), stdout);
  return kExitDone;
}
