// The store without gRPC: writing in the live shape, memory and selection of a million series,
// recovery; and what appending and reading plain files costs, which is the least that it can be.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/store/bench_fleet.h"

namespace ora::storage {
namespace {

constexpr double kMillion = 1e6;
constexpr uint32_t kHosts = 100;
constexpr uint32_t kHostSeries = 101;

double SecondsSince(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

// The store's own share of ingest: from the queue to the open chunks, RocksDB's threads and the
// callbacks included, sealing and the making of batches not.
void Write(benchmark::State& state, const FleetShape& shape, int steps_at_once) {
  BenchFleet fleet(shape);
  fleet.Define();
  fleet.Build(1);
  fleet.Write();  // Makes the series durable.
  const double cpu_before = fleet.StoreCpuSeconds();
  const auto samples_before = static_cast<double>(fleet.samples_written());
  for (auto _ : state) {
    state.PauseTiming();
    fleet.Build(steps_at_once);
    state.ResumeTiming();
    fleet.Write();
  }
  const double cpu = fleet.StoreCpuSeconds() - cpu_before;
  const double samples = static_cast<double>(fleet.samples_written()) - samples_before;
  state.counters["cpu_s_per_million"] = cpu / samples * kMillion;
  state.counters["cpu_us_per_batch"] = cpu / samples * kMillion * shape.host_series;
}

void BM_Write100x101(benchmark::State& state) { Write(state, {kHosts, kHostSeries}, 10); }
BENCHMARK(BM_Write100x101)->Iterations(72)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_Write10000x20(benchmark::State& state) { Write(state, {10'000, 20}, 1); }
BENCHMARK(BM_Write10000x20)->Iterations(40)->Unit(benchmark::kMillisecond)->UseRealTime();

// A commit for one batch alone: what gathering saves.
void BM_WriteABatchAtATime(benchmark::State& state) { Write(state, {1, kHostSeries}, 1); }
BENCHMARK(BM_WriteABatchAtATime)->Iterations(2000)->Unit(benchmark::kMicrosecond)->UseRealTime();

// The limit beside those: a batch's values alone, appended to a file, with a sync after so many
// batches.
void BM_LimitAppendAndSync(benchmark::State& state) {
  const auto batches = static_cast<size_t>(state.range(0));
  constexpr int kCommits = 500;
  const std::string path =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/ora_append_bench.", getpid());
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) std::abort();
  const std::string values(batches * kHostSeries * sizeof(double), 'x');
  const double begun = ProcessCpuSeconds();
  for (auto _ : state) {
    for (int i = 0; i < kCommits; ++i) {
      if (write(file, values.data(), values.size()) != static_cast<ssize_t>(values.size())) {
        std::abort();
      }
      if (fdatasync(file) != 0) std::abort();
    }
  }
  const double per_batch =
      (ProcessCpuSeconds() - begun) / (kCommits * static_cast<double>(batches));
  state.counters["cpu_us_per_batch"] = per_batch * kMillion;
  state.counters["cpu_s_per_million"] = per_batch / kHostSeries * kMillion;
  close(file);
  std::filesystem::remove(path);
}
BENCHMARK(BM_LimitAppendAndSync)->Arg(1)->Arg(100)->Iterations(1)->Unit(benchmark::kMillisecond);

// The median CPU of selecting; a run before fills the cache of regular expressions.
double SelectCpuMillis(const BenchFleet& fleet, const std::vector<Matcher>& matchers,
                       BenchFleet::Reading reading) {
  constexpr size_t kRuns = 15;
  constexpr uint64_t kSeriesExpected = 1000;
  constexpr double kMillisPerSecond = 1e3;
  std::vector<double> millis;
  for (size_t run = 0; run <= kRuns; ++run) {
    const double begun = ThreadCpuSeconds();
    if (fleet.Read(matchers, reading).series != kSeriesExpected) std::abort();
    if (run > 0) millis.push_back((ThreadCpuSeconds() - begun) * kMillisPerSecond);
  }
  std::sort(millis.begin(), millis.end());
  return millis[kRuns / 2];
}

// A million series, 24 samples each: what the samples take, and all of the store but its buffers;
// then 1,000 of them are selected by two matchers, in the order of their labels.
void BM_MillionSeries(benchmark::State& state) {
  constexpr int kSteps = 24;
  constexpr double kSeries = kMillion;
  constexpr uint32_t kSeriesOfAHost = 100;
  for (auto _ : state) {
    BenchFleet fleet({10'000, kSeriesOfAHost});
    const double empty = ResidentBytes();
    fleet.Define();
    const double named = ResidentBytes();
    fleet.Build(1);
    const double cpu_before = fleet.StoreCpuSeconds();
    fleet.Write();  // Makes the series durable.
    const double cpu_defined = fleet.StoreCpuSeconds();
    for (int step = 1; step < kSteps; ++step) {
      fleet.Build(1);
      fleet.Write();
    }
    const double cpu = fleet.StoreCpuSeconds() - cpu_defined;
    const double written = ResidentBytes();
    state.counters["open_bytes_per_series"] = (written - named) / kSeries;
    state.counters["resident_bytes_per_series"] = (written - empty) / kSeries;
    state.counters["cpu_s_per_million"] = cpu / ((kSteps - 1) * kSeries) * kMillion;
    state.counters["new_series_cpu_us"] = (cpu_defined - cpu_before) / kSeries * kMillion;
    const std::vector<Matcher> matchers = {
        Matcher::Equal("__name__", bench::W1Templates()[0].name),
        Matcher::Make("instance", MatchType::kRegex, "host-1...").value()};
    state.counters["select_1000_cpu_ms"] =
        SelectCpuMillis(fleet, matchers, BenchFleet::Reading::kLabels);
    state.counters["select_and_read_1000_cpu_ms"] =
        SelectCpuMillis(fleet, matchers, BenchFleet::Reading::kSamples);
  }
}
BENCHMARK(BM_MillionSeries)->Iterations(1)->Unit(benchmark::kMillisecond);

// Reads all files below a directory.
double ReadSeconds(const std::string& directory) {
  constexpr size_t kBlockBytes = 1 << 20;
  std::string block(kBlockBytes, '\0');
  const auto begun = std::chrono::steady_clock::now();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    while (file.read(block.data(), kBlockBytes)) benchmark::DoNotOptimize(block.data());
  }
  return SecondsSince(begun);
}

// Ten million samples that were not sealed; RocksDB's own opening included. The limit is to read
// the files.
void BM_Recover10M(benchmark::State& state) {
  constexpr int kSteps = 1000;
  constexpr int kStepsAtOnce = 50;
  constexpr uint64_t kSamples = uint64_t{kSteps} * kHosts * kHostSeries;
  BenchFleet fleet({kHosts, kHostSeries});
  fleet.Define();
  for (int step = 0; step < kSteps; step += kStepsAtOnce) {
    fleet.Build(kStepsAtOnce);
    fleet.Write();
  }
  double seconds = 0;
  for (auto _ : state) {
    const auto begun = std::chrono::steady_clock::now();
    fleet.Reopen();
    seconds += SecondsSince(begun);
  }
  if (fleet.store().Statistics().samples_open != kSamples) std::abort();
  state.counters["seconds"] = seconds / static_cast<double>(state.iterations());
  state.counters["limit_read_files_seconds"] = ReadSeconds(fleet.directory());
}
BENCHMARK(BM_Recover10M)->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ora::storage
