// The store without gRPC: writing in the live shape, selecting, reading back, recovering.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/index/series_index.h"
#include "tests/bench/store/bench_fleet.h"

namespace ora::storage {
namespace {

constexpr double kMillion = 1e6;

double PerMillion(const BenchFleet& fleet) {
  return fleet.write_cpu_seconds() / static_cast<double>(fleet.samples_written()) * kMillion;
}

// The store's own share of ingest: from the queue to the open chunks, RocksDB's threads and the
// callbacks included, sealing and the making of batches not.
void Write(benchmark::State& state, const FleetShape& shape, int steps_at_once) {
  BenchFleet fleet(shape);
  fleet.Build(1);
  fleet.Write();  // Makes the series durable.
  const double cpu_before = fleet.write_cpu_seconds();
  const auto samples_before = static_cast<double>(fleet.samples_written());
  for (auto _ : state) {
    state.PauseTiming();
    fleet.Build(steps_at_once);
    state.ResumeTiming();
    fleet.Write();
  }
  const double cpu = fleet.write_cpu_seconds() - cpu_before;
  const double samples = static_cast<double>(fleet.samples_written()) - samples_before;
  state.counters["cpu_s_per_million"] = cpu / samples * kMillion;
  state.counters["cpu_us_per_batch"] = cpu / samples * kMillion * shape.host_series;
  state.counters["samples"] = benchmark::Counter(samples, benchmark::Counter::kIsRate);
}

void BM_Write100x101(benchmark::State& state) { Write(state, {100, 101}, 10); }
BENCHMARK(BM_Write100x101)->Iterations(72)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_Write10000x20(benchmark::State& state) { Write(state, {10'000, 20}, 1); }
BENCHMARK(BM_Write10000x20)->Iterations(40)->Unit(benchmark::kMillisecond)->UseRealTime();

// A commit for one batch alone: what gathering saves.
void BM_WriteABatchAtATime(benchmark::State& state) { Write(state, {1, 101}, 1); }
BENCHMARK(BM_WriteABatchAtATime)->Iterations(2000)->Unit(benchmark::kMicrosecond)->UseRealTime();

// With sealing: every half hour of the hosts' time.
void BM_WriteAndSeal100x101(benchmark::State& state) {
  constexpr int kStepsAtOnce = 10;
  constexpr int kStepsPerSeal = 180;
  BenchFleet fleet({100, 101});
  int steps = 0;
  double seal_cpu_seconds = 0;
  for (auto _ : state) {
    fleet.Build(kStepsAtOnce);
    fleet.Write();
    steps += kStepsAtOnce;
    if (steps % kStepsPerSeal != 0) continue;
    const double begun = ProcessCpuSeconds();
    if (!fleet.store().Seal().ok()) std::abort();
    seal_cpu_seconds += ProcessCpuSeconds() - begun;
  }
  state.counters["cpu_s_per_million"] =
      PerMillion(fleet) +
      seal_cpu_seconds / static_cast<double>(fleet.samples_written()) * kMillion;
}
BENCHMARK(BM_WriteAndSeal100x101)->Iterations(72)->Unit(benchmark::kMillisecond)->UseRealTime();

// A million series, 24 samples each: what the samples take, and all of the process.
void BM_MemoryOfAMillionSeries(benchmark::State& state) {
  constexpr int kSteps = 24;
  constexpr double kSeries = kMillion;
  for (auto _ : state) {
    const double empty = ResidentBytes();
    BenchFleet fleet({10'000, 100});
    const double named = ResidentBytes();
    fleet.Build(1);
    fleet.Write();  // Makes the series durable.
    const double cpu_before = fleet.write_cpu_seconds();
    for (int step = 1; step < kSteps; ++step) {
      fleet.Build(1);
      fleet.Write();
    }
    const double written = ResidentBytes();
    state.counters["open_bytes_per_series"] = (written - named) / kSeries;
    state.counters["resident_bytes_per_series"] = (written - empty) / kSeries;
    state.counters["cpu_s_per_million"] =
        (fleet.write_cpu_seconds() - cpu_before) / ((kSteps - 1) * kSeries) * kMillion;
    state.counters["new_series_cpu_us"] = cpu_before / kSeries * kMillion;
  }
}
BENCHMARK(BM_MemoryOfAMillionSeries)->Iterations(1)->Unit(benchmark::kMillisecond);

void BM_ReadBack(benchmark::State& state) {
  constexpr int kSteps = 360;
  BenchFleet fleet({100, 101});
  fleet.Build(kSteps);
  fleet.Write();
  if (!fleet.store().Seal().ok()) std::abort();
  uint64_t samples = 0;
  for (auto _ : state) samples += fleet.ReadAll({Matcher::Equal("__name__", "metric_7")});
  state.counters["samples"] =
      benchmark::Counter(static_cast<double>(samples), benchmark::Counter::kIsRate);
  const StoreStatistics statistics = fleet.store().Statistics();
  state.counters["chunk_bytes_per_sample"] =
      static_cast<double>(statistics.chunk_bytes) / static_cast<double>(statistics.samples_sealed);
}
BENCHMARK(BM_ReadBack)->Unit(benchmark::kMillisecond);

// Ten million samples that were not sealed; RocksDB's own opening included.
void BM_Recover10M(benchmark::State& state) {
  constexpr int kSteps = 1000;
  constexpr int kStepsAtOnce = 50;
  constexpr uint64_t kSamples = uint64_t{kSteps} * 100 * 101;
  BenchFleet fleet({100, 101});
  for (int step = 0; step < kSteps; step += kStepsAtOnce) {
    fleet.Build(kStepsAtOnce);
    fleet.Write();
  }
  double seconds = 0;
  for (auto _ : state) {
    const auto begun = std::chrono::steady_clock::now();
    fleet.Open();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }
  if (fleet.store().Statistics().samples_open != kSamples) std::abort();
  state.counters["recovery_s_10m"] = seconds / static_cast<double>(state.iterations());
}
BENCHMARK(BM_Recover10M)->MeasureProcessCPUTime()->Iterations(3)->Unit(benchmark::kMillisecond);

void BM_Select1000Of100000(benchmark::State& state) {
  constexpr int kInstances = 1000;
  constexpr int kMetrics = 100;
  RealClock clock;
  SeriesIndex index({.series_max = kInstances * kMetrics}, clock);
  for (int instance = 0; instance < kInstances; ++instance) {
    for (int metric = 0; metric < kMetrics; ++metric) {
      const auto entry = index.Allot(1, Labels({{"__name__", absl::StrCat("metric_", metric)},
                                                {"instance", absl::StrCat("host-", instance)},
                                                {"job", "node"}}));
      index.Publish({entry->id});
    }
  }
  const std::vector<Matcher> matchers = {
      Matcher::Equal("__name__", "metric_7"),
      Matcher::Make("instance", MatchType::kRegex, "host-.*").value()};
  for (auto _ : state) benchmark::DoNotOptimize(index.Select(matchers, kInstances)->size());
}
BENCHMARK(BM_Select1000Of100000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ora::storage
