// A store on disk with the series of many hosts, and what the hosts send.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/env/posix_file_system.h"
#include "storage/env/real_clock.h"
#include "storage/time_series_store.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::storage {

struct FleetShape {
  int hosts = 100;
  int host_series = 101;
};

// Aborts when the store refuses anything: a benchmark measures no failures.
class BenchFleet {
 public:
  explicit BenchFleet(const FleetShape& shape);
  ~BenchFleet();

  // Closes the store and opens it again.
  void Open();

  // Makes the batches of the next steps of every host, each step of a host a batch. Not measured.
  void Build(int steps);

  // Queues what was built, all of it, and waits until it is durable.
  void Write();

  // Sums over all Writes: of the whole process, and how many samples.
  double write_cpu_seconds() const { return write_cpu_seconds_; }
  uint64_t samples_written() const { return samples_written_; }

  // Samples of all series that match.
  uint64_t ReadAll(const std::vector<Matcher>& matchers);

  TimeSeriesStore& store() { return *store_; }

 private:
  WriteBatch BatchOf(int host) const;

  const FleetShape shape_;
  RealClock clock_;
  PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  const std::string directory_;
  std::unique_ptr<TimeSeriesStore> store_;
  std::vector<std::vector<SeriesRef>> refs_;
  std::vector<WriteBatch> built_;
  uint64_t built_samples_ = 0;
  uint64_t sequence_ = 1;
  int64_t time_millis_ = 0;
  double write_cpu_seconds_ = 0;
  uint64_t samples_written_ = 0;
};

// Of this process, now.
double ProcessCpuSeconds();
double ResidentBytes();

}  // namespace ora::storage
