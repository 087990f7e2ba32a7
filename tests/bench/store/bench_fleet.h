// A store on disk, and the hosts of workload W1 that write to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "storage/env/posix_file_system.h"
#include "storage/time_series_store.h"
#include "tests/bench/workload/w1.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::storage {

struct FleetShape {
  uint32_t hosts = 100;
  uint32_t host_series = 101;
  // How long before the clock's time the first step is; the clock moves only by Advance.
  absl::Duration behind = absl::Hours(24 * 6);
};

// Aborts when the store refuses anything: a benchmark measures no failures.
class BenchFleet {
 public:
  static constexpr absl::Duration kStep = absl::Seconds(10);

  // Opens the store, and names no series yet.
  explicit BenchFleet(const FleetShape& shape);
  ~BenchFleet();

  // Closes the store and opens it again.
  void Reopen();

  // Names all series of all hosts.
  void Define();

  // Makes the batches of the next steps of every host, each step of a host a batch.
  void Build(int steps);

  // Queues what was built, all of it, and waits until it is durable.
  void Write();

  // Of the whole process but for the making of batches.
  double StoreCpuSeconds() const;

  uint64_t samples_written() const { return samples_written_; }

  // Samples of all series that match, and how many of those there are.
  struct Found {
    uint64_t series = 0;
    uint64_t samples = 0;
  };
  enum class Reading { kLabels, kSamples };
  Found Read(const std::vector<Matcher>& matchers, Reading reading) const;

  void Seal();
  void Settle();
  void Advance(absl::Duration by) { clock_.Advance(by); }

  const std::string& directory() const { return directory_; }
  TimeSeriesStore& store() const { return *store_; }

 private:
  const FleetShape shape_;
  const std::string directory_;
  const bench::NormalQuantiles quantiles_;
  fakes::ManualClock clock_;
  PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  std::unique_ptr<TimeSeriesStore> store_;
  std::vector<bench::W1Host> hosts_;
  std::vector<std::vector<SeriesRef>> refs_;
  std::vector<WriteBatch> built_;
  uint64_t built_samples_ = 0;
  uint64_t sequence_ = 1;
  int64_t time_millis_ = 0;
  double building_cpu_seconds_ = 0;
  uint64_t samples_written_ = 0;
};

// Of this process, and of this thread, now.
double ProcessCpuSeconds();
double ThreadCpuSeconds();
double ResidentBytes();

}  // namespace ora::storage
