// What becomes of a day of W1 in the store: written live and sealed every half an hour, or all of
// it a day late; merged, settled, read back. Time is a manual clock's, CPU is the whole process's.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "storage/env/posix_file_system.h"
#include "storage/time_series_store.h"
#include "tests/bench/workload/w1.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::storage {
namespace {

constexpr uint32_t kHosts = 20;
constexpr int64_t kStepsADay = 8'640;
constexpr int64_t kStepsASealing = 180;
constexpr double kMillion = 1e6;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMillion;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A store, and the hosts of W1 that write to it.
class Fleet {
 public:
  Fleet()
      : directory_(absl::StrCat(std::filesystem::temp_directory_path().string(),
                                "/ora_partition_bench.", getpid())) {
    std::filesystem::remove_all(directory_);
    TimeSeriesStoreOptions options;
    options.uri = absl::StrCat("file://", directory_);
    store_ = TimeSeriesStore::Open(options, clock_, files_, log_, counters_).value();
    for (uint32_t i = 0; i < kHosts; ++i) {
      hosts_.emplace_back(workload_, i, quantiles_);
      const bench::W1Host& host = hosts_.back();
      std::vector<SeriesRef>& refs = refs_.emplace_back();
      for (size_t series = 0; series < host.series_count(); ++series) {
        std::vector<Label> labels;
        for (auto& [name, value] : host.LabelsOf(series)) labels.push_back({name, value});
        refs.push_back(store_->Intern(host.name(), Labels(std::move(labels))).value());
      }
    }
    values_.resize(hosts_[0].series_count());
  }
  ~Fleet() {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  // The next step of all hosts, as of `time_millis`; making the values does not count as CPU.
  void WriteStep(int64_t time_millis) {
    std::vector<WriteBatch> batches;
    const double begun = CpuSeconds();
    for (size_t i = 0; i < hosts_.size(); ++i) {
      hosts_[i].Next(absl::MakeSpan(values_));
      batches.push_back(
          {.instance = hosts_[i].name(), .blocks = {{time_millis, refs_[i], values_}}});
      samples_ += values_.size();
    }
    workload_cpu_ += CpuSeconds() - begun;
    absl::BlockingCounter left(static_cast<int>(batches.size()));
    for (WriteBatch& batch : batches) {
      const absl::Status taken = store_->Write(
          std::move(batch), [&](const absl::StatusOr<WriteOutcome>&) { left.DecrementCount(); });
      if (!taken.ok()) std::abort();
    }
    left.Wait();
  }

  double Cpu() const { return CpuSeconds() - workload_cpu_; }
  double samples() const { return static_cast<double>(samples_); }
  TimeSeriesStore& store() { return *store_; }
  fakes::ManualClock& clock() { return clock_; }

 private:
  const std::string directory_;
  const bench::W1Options workload_;
  const bench::NormalQuantiles quantiles_;
  fakes::ManualClock clock_;
  PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  std::unique_ptr<TimeSeriesStore> store_;
  std::vector<bench::W1Host> hosts_;
  std::vector<std::vector<SeriesRef>> refs_;
  std::vector<double> values_;
  uint64_t samples_ = 0;
  double workload_cpu_ = 0;
};

void Settle(benchmark::State& state, Fleet& fleet) {
  const double before = fleet.Cpu();
  if (!fleet.store().Settle().ok()) std::abort();
  state.counters["settle_cpu_s_per_million"] = (fleet.Cpu() - before) / fleet.samples() * kMillion;
  const StoreStatistics statistics = fleet.store().Statistics();
  state.counters["chunk_bytes_per_sample"] =
      static_cast<double>(statistics.chunk_bytes) / static_cast<double>(statistics.samples_sealed);
  state.counters["disk_bytes_per_sample"] =
      static_cast<double>(statistics.disk_bytes) / static_cast<double>(statistics.samples_sealed);
}

void BM_LiveDay(benchmark::State& state) {
  for (auto _ : state) {
    Fleet fleet;
    const double before = fleet.Cpu();
    double sealing = 0;
    for (int64_t step = 0; step < kStepsADay; ++step) {
      fleet.WriteStep(fleet.clock().NowMillis());
      fleet.clock().Advance(absl::Seconds(10));
      if (step % kStepsASealing != kStepsASealing - 1) continue;
      const double begun = fleet.Cpu();
      if (!fleet.store().Seal().ok()) std::abort();
      sealing += fleet.Cpu() - begun;
    }
    state.counters["cpu_s_per_million"] = (fleet.Cpu() - before) / fleet.samples() * kMillion;
    state.counters["seal_cpu_s_per_million"] = sealing / fleet.samples() * kMillion;
    Settle(state, fleet);
  }
}
BENCHMARK(BM_LiveDay)->Iterations(1)->Unit(benchmark::kMillisecond);

// As fast as they are taken, all of them of yesterday.
void BM_LateDay(benchmark::State& state) {
  for (auto _ : state) {
    Fleet fleet;
    const double before = fleet.Cpu();
    const int64_t begun = fleet.clock().NowMillis();
    fleet.clock().Advance(absl::Hours(24));
    for (int64_t step = 0; step < kStepsADay; ++step) fleet.WriteStep(begun + step * 10'000);
    if (!fleet.store().Seal().ok()) std::abort();
    state.counters["cpu_s_per_million"] = (fleet.Cpu() - before) / fleet.samples() * kMillion;
    Settle(state, fleet);
  }
}
BENCHMARK(BM_LateDay)->Iterations(1)->Unit(benchmark::kMillisecond);

// Every sample of a settled day.
void BM_ReadDay(benchmark::State& state) {
  Fleet fleet;
  for (int64_t step = 0; step < kStepsADay; ++step) {
    fleet.WriteStep(fleet.clock().NowMillis());
    fleet.clock().Advance(absl::Seconds(10));
  }
  if (!fleet.store().Settle().ok()) std::abort();
  uint64_t samples = 0;
  SampleColumns columns;
  for (auto _ : state) {
    const auto cursor = fleet.store().Select({.range = {0, fleet.clock().NowMillis()}}).value();
    while (cursor->Next()) {
      if (!cursor->ReadSamples(columns).ok()) std::abort();
      samples += columns.size();
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(samples));
}
BENCHMARK(BM_ReadDay)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ora::storage
