// What becomes of a day of W1 in the store: written live and sealed every half an hour, or all of
// it a day late; merged, settled, read back. CPU is the whole process's but for making the values.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "tests/bench/store/bench_fleet.h"

namespace ora::storage {
namespace {

constexpr double kMillion = 1e6;
constexpr uint32_t kHosts = 20;
constexpr int kStepsADay = 8'640;
constexpr int kStepsASealing = 180;

double CpuPerMillion(const BenchFleet& fleet, double cpu_seconds) {
  return cpu_seconds / static_cast<double>(fleet.samples_written()) * kMillion;
}

void Settle(benchmark::State& state, BenchFleet& fleet) {
  const double before = fleet.StoreCpuSeconds();
  fleet.Settle();
  state.counters["settle_cpu_s_per_million"] =
      CpuPerMillion(fleet, fleet.StoreCpuSeconds() - before);
  const StoreStatistics statistics = fleet.store().Statistics();
  const auto samples = static_cast<double>(statistics.samples_sealed);
  state.counters["chunk_bytes_per_sample"] = static_cast<double>(statistics.chunk_bytes) / samples;
  state.counters["disk_bytes_per_sample"] = static_cast<double>(statistics.disk_bytes) / samples;
}

// Every sample, series by series, on one thread.
void Scan(benchmark::State& state, const BenchFleet& fleet) {
  constexpr int kRuns = 3;
  const double begun = ThreadCpuSeconds();
  for (int run = 0; run < kRuns; ++run) {
    if (fleet.Read({}, BenchFleet::Reading::kSamples).samples != fleet.samples_written()) {
      std::abort();
    }
  }
  state.counters["scan_msamples_per_cpu_s"] = kRuns * static_cast<double>(fleet.samples_written()) /
                                              (ThreadCpuSeconds() - begun) / kMillion;
}

// The limit of scanning: times and values that lie in memory as they are wanted, copied series by
// series from memory that no cache holds.
void ScanLimit(benchmark::State& state) {
  constexpr size_t kSeries = kHosts * 101;
  constexpr size_t kSeriesBytes = kStepsADay * (sizeof(int64_t) + sizeof(double));
  const std::vector<char> from(kSeries * kSeriesBytes, 1);
  std::vector<char> to(kSeriesBytes);
  const double begun = ThreadCpuSeconds();
  for (size_t i = 0; i < kSeries; ++i) {
    std::memcpy(to.data(), from.data() + i * kSeriesBytes, kSeriesBytes);
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.counters["scan_limit_memcpy_msamples_per_cpu_s"] =
      static_cast<double>(kSeries * kStepsADay) / (ThreadCpuSeconds() - begun) / kMillion;
}

void BM_LiveDay(benchmark::State& state) {
  for (auto _ : state) {
    BenchFleet fleet({.hosts = kHosts, .behind = absl::ZeroDuration()});
    fleet.Define();
    const double before = fleet.StoreCpuSeconds();
    double sealing = 0;
    for (int step = 1; step <= kStepsADay; ++step) {
      fleet.Build(1);
      fleet.Write();
      fleet.Advance(BenchFleet::kStep);
      if (step % kStepsASealing != 0) continue;
      const double begun = fleet.StoreCpuSeconds();
      fleet.Seal();
      sealing += fleet.StoreCpuSeconds() - begun;
    }
    state.counters["cpu_s_per_million"] = CpuPerMillion(fleet, fleet.StoreCpuSeconds() - before);
    state.counters["seal_cpu_s_per_million"] = CpuPerMillion(fleet, sealing);
    Settle(state, fleet);
    Scan(state, fleet);
    ScanLimit(state);
  }
}
BENCHMARK(BM_LiveDay)->Iterations(1)->Unit(benchmark::kMillisecond);

// As fast as they are taken, all of them of yesterday.
void BM_LateDay(benchmark::State& state) {
  for (auto _ : state) {
    BenchFleet fleet({.hosts = kHosts, .behind = absl::Hours(24)});
    fleet.Define();
    const double before = fleet.StoreCpuSeconds();
    for (int step = 0; step < kStepsADay; ++step) {
      fleet.Build(1);
      fleet.Write();
    }
    fleet.Seal();
    state.counters["cpu_s_per_million"] = CpuPerMillion(fleet, fleet.StoreCpuSeconds() - before);
    Settle(state, fleet);
  }
}
BENCHMARK(BM_LateDay)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ora::storage
