// What a sample of everything costs with 300 more processes on this host.
#include <benchmark/benchmark.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "collector/process/host_sampler.h"
#include "collector/process/process_sampler.h"
#include "storage/env/posix_file_system.h"
#include "storage/env/real_clock.h"

namespace ora::collector {
namespace {

constexpr int kChildren = 300;

// Children that wait until they are ended.
class Children {
 public:
  Children() {
    for (int i = 0; i < kChildren; ++i) {
      const pid_t pid = fork();
      if (pid == 0) {
        while (true) pause();
      }
      if (pid > 0) pids_.push_back(pid);
    }
  }
  ~Children() {
    for (const pid_t pid : pids_) kill(pid, SIGKILL);
    for (const pid_t pid : pids_) waitpid(pid, nullptr, 0);
  }

 private:
  std::vector<pid_t> pids_;
};

class NullSink final : public SampleSink {
 public:
  SeriesId Intern(absl::string_view, absl::Span<const LabelPair>) override { return ++series_; }
  void Add(SeriesId, double value) override { benchmark::DoNotOptimize(value); }
  void AddBirth(SeriesId) override {}

 private:
  SeriesId series_ = 0;
};

int64_t ProcessesHere() {
  int64_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const char first = entry.path().filename().string()[0];
    count += first >= '0' && first <= '9';
  }
  return count;
}

void SampleEverything(benchmark::State& state) {
  const Children children;
  storage::PosixFileSystem files;
  storage::RealClock clock;
  storage::Counters counters;
  auto processes = ProcessSampler::Make({}, "/proc", files, clock, counters);
  if (!processes.ok()) {
    state.SkipWithError("no sampler");
    return;
  }
  const auto host = HostSampler::Make("/proc", "/sys", files, clock, counters);
  NullSink sink;
  (*processes)->Sample(sink);
  for (auto _ : state) {
    (*processes)->Sample(sink);
    host->Sample(sink);
  }
  state.counters["processes"] = static_cast<double>(ProcessesHere());
}

void SampleHost(benchmark::State& state) {
  storage::PosixFileSystem files;
  storage::RealClock clock;
  storage::Counters counters;
  const auto host = HostSampler::Make("/proc", "/sys", files, clock, counters);
  NullSink sink;
  for (auto _ : state) host->Sample(sink);
}

BENCHMARK(SampleEverything)->Unit(benchmark::kMillisecond);
BENCHMARK(SampleHost)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ora::collector
