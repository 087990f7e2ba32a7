// engine-load: the nine queries on a state directory that no aggregator has open, without gRPC:
// what a profiler is to see.
//
//   engine-load --state-dir DIR --start-millis N --end-millis N --only double-groupby-all
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "aggregator/promql/engine.h"
#include "storage/env/counters.h"
#include "storage/env/posix_file_system.h"
#include "storage/env/real_clock.h"
#include "storage/env/stderr_log_sink.h"
#include "storage/time_series_store.h"
#include "tests/bench/query/w1_queries.h"

namespace {

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitWrongUse = 2;

double ProcessCpuMillis() {
  constexpr double kMillisASecond = 1e3;
  constexpr double kMillisANano = 1e-6;
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * kMillisASecond +
         static_cast<double>(time.tv_nsec) * kMillisANano;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Asks the nine queries of a state directory.", "engine-load");
  std::string directory;
  std::string only;
  uint32_t turns = 32;
  ora::bench::W1Stored stored;
  app.add_option("--state-dir", directory, "what an aggregator left there")->required();
  app.add_option("--only", only, "the name of one query");
  app.add_option("--hosts", stored.hosts, "how many are stored");
  app.add_option("--start-millis", stored.start_millis, "of what is stored")->required();
  app.add_option("--end-millis", stored.end_millis, "of what is stored")->required();
  app.add_option("--turns", turns, "how often each query is asked")->check(CLI::PositiveNumber);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitWrongUse;
  }
  ora::storage::RealClock clock;
  ora::storage::PosixFileSystem files;
  const auto log = ora::storage::MakeStderrLogSink(ora::storage::LogSeverity::kError);
  ora::storage::Counters counters;
  ora::storage::TimeSeriesStoreOptions options;
  options.uri = "file://" + directory;
  const auto store = ora::storage::TimeSeriesStore::Open(options, clock, files, *log, counters);
  if (!store.ok()) {
    std::fprintf(stderr, "engine-load: %s\n", std::string(store.status().message()).c_str());
    return kExitFailed;
  }
  ora::promql::Engine engine(**store);
  for (const absl::string_view name : ora::bench::W1QueryNames()) {
    if (!only.empty() && name != only) continue;
    std::vector<double> cpu_ms;
    for (uint32_t turn = 0; turn < turns; ++turn) {
      const ora::bench::W1Query query = ora::bench::MakeW1Query(name, turn, stored);
      const double before = ProcessCpuMillis();
      const auto result =
          query.step_millis == 0
              ? engine.Instant(query.expression, query.end_millis, {})
              : engine.Range(query.expression,
                             {query.start_millis, query.end_millis, query.step_millis}, {});
      cpu_ms.push_back(ProcessCpuMillis() - before);
      if (result.ok()) continue;
      std::fprintf(stderr, "engine-load: %s\n", std::string(result.status().message()).c_str());
      return kExitFailed;
    }
    std::nth_element(cpu_ms.begin(), cpu_ms.begin() + turns / 2, cpu_ms.end());
    absl::PrintF("%-24s %9.4f ms\n", name, cpu_ms[turns / 2]);
  }
  return kExitDone;
}
