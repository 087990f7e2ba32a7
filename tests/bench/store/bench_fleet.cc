#include "tests/bench/store/bench_fleet.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"

namespace ora::storage {
namespace {

constexpr int64_t kStepMillis = 10'000;
constexpr double kMicrosPerSecond = 1e6;

std::string HostName(int host) { return absl::StrCat("host-", host); }

Labels LabelsOf(int host, int series) {
  return Labels({{"__name__", absl::StrCat("metric_", series)},
                 {"instance", HostName(host)},
                 {"job", "node"}});
}

double SecondsOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMicrosPerSecond;
}

}  // namespace

double ProcessCpuSeconds() {
  rusage usage{};
  (void)getrusage(RUSAGE_SELF, &usage);
  return SecondsOf(usage.ru_utime) + SecondsOf(usage.ru_stime);
}

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

BenchFleet::BenchFleet(const FleetShape& shape)
    : shape_(shape),
      directory_(absl::StrCat(std::filesystem::temp_directory_path().string(), "/ora_store_bench.",
                              getpid())) {
  std::filesystem::remove_all(directory_);
  time_millis_ = absl::ToUnixMillis(clock_.Now() - absl::Hours(24 * 6));
  Open();
  for (int host = 0; host < shape_.hosts; ++host) {
    std::vector<SeriesRef>& refs = refs_.emplace_back();
    for (int series = 0; series < shape_.host_series; ++series) {
      refs.push_back(store_->Intern(HostName(host), LabelsOf(host, series)).value());
    }
  }
}

BenchFleet::~BenchFleet() {
  store_.reset();
  std::filesystem::remove_all(directory_);
}

void BenchFleet::Open() {
  store_.reset();
  TimeSeriesStoreOptions options;
  options.uri = absl::StrCat("file://", directory_);
  options.open_bytes_max = uint64_t{2} << 30;  // A benchmark seals when it wants to.
  options.queue_batches_max = 1 << 20;
  options.queue_bytes_max = uint64_t{1} << 30;
  store_ = TimeSeriesStore::Open(options, clock_, files_, log_, counters_).value();
}

WriteBatch BenchFleet::BatchOf(int host) const {
  WriteBatch batch{.instance = HostName(host), .sender = {HostName(host), 1, sequence_}};
  WriteBlock block{time_millis_, refs_[static_cast<size_t>(host)], {}};
  block.values.reserve(block.series.size());
  for (size_t series = 0; series < block.series.size(); ++series) {
    block.values.push_back(static_cast<double>(sequence_ * 50 + series));
  }
  batch.blocks.push_back(std::move(block));
  return batch;
}

void BenchFleet::Build(int steps) {
  for (int step = 0; step < steps; ++step) {
    for (int host = 0; host < shape_.hosts; ++host) {
      built_.push_back(BatchOf(host));
      built_samples_ += static_cast<uint64_t>(shape_.host_series);
    }
    ++sequence_;
    time_millis_ += kStepMillis;
  }
}

void BenchFleet::Write() {
  const double begun = ProcessCpuSeconds();
  absl::BlockingCounter left(static_cast<int>(built_.size()));
  for (WriteBatch& batch : built_) {
    const absl::Status queued =
        store_->Write(std::move(batch), [&left](const absl::StatusOr<WriteOutcome>& outcome) {
          if (!outcome.ok() || outcome->repeat) std::abort();
          left.DecrementCount();
        });
    if (!queued.ok()) std::abort();
  }
  left.Wait();
  write_cpu_seconds_ += ProcessCpuSeconds() - begun;
  samples_written_ += built_samples_;
  built_.clear();
  built_samples_ = 0;
}

uint64_t BenchFleet::ReadAll(const std::vector<Matcher>& matchers) {
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

}  // namespace ora::storage
