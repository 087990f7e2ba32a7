// The store without gRPC: writing in the live shape, selecting, reading back, recovering.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "storage/env/posix_file_system.h"
#include "storage/env/real_clock.h"
#include "storage/index/series_index.h"
#include "storage/time_series_store.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::storage {
namespace {

constexpr int kHosts = 100;
constexpr int kHostSeries = 101;
constexpr int64_t kStepMillis = 10'000;

// A store with the series of many hosts, that takes one batch of each host at a time.
class Fleet {
 public:
  Fleet()
      : directory_(absl::StrCat(std::filesystem::temp_directory_path().string(),
                                "/ora_store_bench.", getpid())) {
    std::filesystem::remove_all(directory_);
    time_millis_ = absl::ToUnixMillis(clock_.Now() - absl::Hours(24 * 6));
    Open();
    for (int host = 0; host < kHosts; ++host) {
      std::vector<SeriesRef>& refs = refs_.emplace_back();
      for (int series = 0; series < kHostSeries; ++series) {
        refs.push_back(store_->Intern(HostName(host), LabelsOf(host, series)).value());
      }
    }
  }
  ~Fleet() {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Open() {
    store_.reset();
    TimeSeriesStoreOptions options;
    options.uri = absl::StrCat("file://", directory_);
    options.open_bytes_max = uint64_t{2} << 30;
    store_ = TimeSeriesStore::Open(options, clock_, files_, log_, counters_).value();
  }

  // One step of every host, each its own batch, until all are durable.
  void WriteStep() {
    absl::BlockingCounter left(kHosts);
    for (int host = 0; host < kHosts; ++host) {
      WriteBatch batch{.instance = HostName(host), .sender = {HostName(host), 1, sequence_}};
      WriteBlock block{time_millis_, refs_[static_cast<size_t>(host)], {}};
      block.values.reserve(kHostSeries);
      for (int series = 0; series < kHostSeries; ++series) {
        block.values.push_back(static_cast<double>(sequence_ * 50 + static_cast<uint64_t>(series)));
      }
      batch.blocks.push_back(std::move(block));
      const absl::Status queued =
          store_->Write(std::move(batch), [&left](const absl::StatusOr<WriteOutcome>& outcome) {
            if (!outcome.ok()) std::abort();
            left.DecrementCount();
          });
      if (!queued.ok()) std::abort();
    }
    left.Wait();
    ++sequence_;
    time_millis_ += kStepMillis;
  }

  uint64_t ReadAll(const std::vector<Matcher>& matchers) {
    SelectRequest request;
    request.matchers = matchers;
    request.range = {0, time_millis_};
    auto cursor = store_->Select(request).value();
    uint64_t samples = 0;
    SampleColumns columns;
    while (cursor->Next()) {
      if (!cursor->ReadSamples(columns).ok()) std::abort();
      samples += columns.size();
    }
    return samples;
  }

  TimeSeriesStore& store() { return *store_; }

 private:
  static std::string HostName(int host) { return absl::StrCat("host-", host); }
  static Labels LabelsOf(int host, int series) {
    return Labels({{"__name__", absl::StrCat("metric_", series)},
                   {"instance", HostName(host)},
                   {"job", "node"}});
  }

  RealClock clock_;
  PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  const std::string directory_;
  std::unique_ptr<TimeSeriesStore> store_;
  std::vector<std::vector<SeriesRef>> refs_;
  uint64_t sequence_ = 1;
  int64_t time_millis_ = 0;
};

void CountSamples(benchmark::State& state, uint64_t samples) {
  state.counters["samples"] =
      benchmark::Counter(static_cast<double>(samples), benchmark::Counter::kIsRate);
  state.counters["cpu_s_per_million"] =
      benchmark::Counter(static_cast<double>(samples) / 1e6,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Sealing included: a step in 180 (half an hour's) seals.
void BM_Write100x101(benchmark::State& state) {
  constexpr int kStepsPerSeal = 180;
  Fleet fleet;
  int64_t steps = 0;
  for (auto _ : state) {
    fleet.WriteStep();
    if (++steps % kStepsPerSeal == 0 && !fleet.store().Seal().ok()) std::abort();
  }
  CountSamples(state, static_cast<uint64_t>(steps) * kHosts * kHostSeries);
}
BENCHMARK(BM_Write100x101)->MeasureProcessCPUTime()->Iterations(720)->Unit(benchmark::kMillisecond);

void BM_ReadBack(benchmark::State& state) {
  constexpr int kSteps = 360;
  Fleet fleet;
  for (int step = 0; step < kSteps; ++step) fleet.WriteStep();
  if (!fleet.store().Seal().ok()) std::abort();
  uint64_t samples = 0;
  for (auto _ : state) samples += fleet.ReadAll({Matcher::Equal("__name__", "metric_7")});
  CountSamples(state, samples);
  const StoreStatistics statistics = fleet.store().Statistics();
  state.counters["chunk_bytes_per_sample"] =
      static_cast<double>(statistics.chunk_bytes) / static_cast<double>(statistics.samples_sealed);
}
BENCHMARK(BM_ReadBack)->Unit(benchmark::kMillisecond);

void BM_RecoverAMillionOpenSamples(benchmark::State& state) {
  constexpr int kSteps = 100;
  Fleet fleet;
  for (int step = 0; step < kSteps; ++step) fleet.WriteStep();
  for (auto _ : state) fleet.Open();
  if (fleet.store().Statistics().samples_open != uint64_t{kSteps} * kHosts * kHostSeries) {
    std::abort();
  }
}
BENCHMARK(BM_RecoverAMillionOpenSamples)
    ->MeasureProcessCPUTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

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
