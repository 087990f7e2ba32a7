#include "tests/bench/store/bench_fleet.h"

#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"

namespace ora::storage {
namespace {

constexpr double kSecondsPerNanosecond = 1e-9;

double SecondsOf(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * kSecondsPerNanosecond;
}

void Check(const absl::Status& status) {
  if (!status.ok()) std::abort();
}

Labels LabelsOf(const bench::W1Host& host, size_t series) {
  std::vector<Label> labels;
  for (auto& [name, value] : host.LabelsOf(series)) labels.push_back({name, value});
  return Labels(std::move(labels));
}

}  // namespace

double ProcessCpuSeconds() { return SecondsOf(CLOCK_PROCESS_CPUTIME_ID); }
double ThreadCpuSeconds() { return SecondsOf(CLOCK_THREAD_CPUTIME_ID); }

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
  time_millis_ = absl::ToUnixMillis(clock_.Now() - shape_.behind);
  const bench::W1Options workload{
      .series_per_host = shape_.host_series,
      .step_millis = absl::ToInt64Milliseconds(kStep),
  };
  hosts_.reserve(shape_.hosts);
  for (uint32_t i = 0; i < shape_.hosts; ++i) hosts_.emplace_back(workload, i, quantiles_);
  Reopen();
}

BenchFleet::~BenchFleet() {
  store_.reset();
  std::filesystem::remove_all(directory_);
}

void BenchFleet::Reopen() {
  store_.reset();
  TimeSeriesStoreOptions options;
  options.uri = absl::StrCat("file://", directory_);
  options.open_bytes_max = uint64_t{2} << 30;  // A benchmark seals when it wants to.
  options.queue_batches_max = 1 << 20;
  options.queue_bytes_max = uint64_t{1} << 30;
  store_ = TimeSeriesStore::Open(options, clock_, files_, log_, counters_).value();
}

void BenchFleet::Define() {
  for (const bench::W1Host& host : hosts_) {
    std::vector<SeriesRef>& refs = refs_.emplace_back();
    for (size_t series = 0; series < host.series_count(); ++series) {
      refs.push_back(store_->Intern(host.name(), LabelsOf(host, series)).value());
    }
  }
}

void BenchFleet::Build(int steps) {
  const double begun = ThreadCpuSeconds();
  for (int step = 0; step < steps; ++step) {
    for (size_t i = 0; i < hosts_.size(); ++i) {
      const std::string& name = hosts_[i].name();
      WriteBatch batch{.instance = name, .sender = {name, 1, sequence_}};
      WriteBlock block{time_millis_, refs_[i], std::vector<double>(refs_[i].size())};
      hosts_[i].Next(absl::MakeSpan(block.values));
      built_samples_ += block.values.size();
      batch.blocks.push_back(std::move(block));
      built_.push_back(std::move(batch));
    }
    ++sequence_;
    time_millis_ += absl::ToInt64Milliseconds(kStep);
  }
  building_cpu_seconds_ += ThreadCpuSeconds() - begun;
}

void BenchFleet::Write() {
  absl::BlockingCounter left(static_cast<int>(built_.size()));
  for (WriteBatch& batch : built_) {
    const absl::Status queued =
        store_->Write(std::move(batch), [&left](const absl::StatusOr<WriteOutcome>& outcome) {
          if (!outcome.ok() || outcome->repeat) std::abort();
          left.DecrementCount();
        });
    Check(queued);
  }
  left.Wait();
  samples_written_ += built_samples_;
  built_.clear();
  built_samples_ = 0;
}

double BenchFleet::StoreCpuSeconds() const { return ProcessCpuSeconds() - building_cpu_seconds_; }

BenchFleet::Found BenchFleet::Read(const std::vector<Matcher>& matchers, Reading reading) const {
  SelectRequest request;
  request.matchers = matchers;
  request.range = {0, time_millis_};
  request.series_max = uint64_t{shape_.hosts} * shape_.host_series;
  const auto cursor = store_->Select(request).value();
  Found found;
  SampleColumns columns;
  while (cursor->Next()) {
    ++found.series;
    if (reading == Reading::kLabels) continue;
    Check(cursor->ReadSamples(columns));
    found.samples += columns.size();
  }
  return found;
}

void BenchFleet::Seal() { Check(store_->Seal()); }

void BenchFleet::Settle() { Check(store_->Settle()); }

}  // namespace ora::storage
