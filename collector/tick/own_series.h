// The collector's own series: job="ora".
#pragma once

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "collector/series/sample_sink.h"
#include "storage/env/counters.h"
#include "storage/env/file_system.h"

namespace ora::collector {

// What the parts tell of themselves at a tick.
struct OwnGauges {
  uint64_t spool_bytes = 0;
  uint64_t spool_batches_pending = 0;
  uint64_t files_followed = 0;
  uint64_t files_open = 0;
  uint64_t files_hinted = 0;
  uint64_t bytes_behind = 0;
  uint64_t series = 0;
};

// Every counter by its own name, the gauges, and what this process uses. One thread.
class OwnSeries {
 public:
  // `proc_root` is "/proc", another directory in tests. References must outlive it.
  OwnSeries(std::string proc_root, storage::FileSystem& files, const storage::Counters& counters)
      : proc_root_(std::move(proc_root)), files_(files), counters_(counters) {}

  void Sample(const OwnGauges& gauges, SampleSink& sink);

 private:
  void SampleProcess(SampleSink& sink);
  void Add(absl::string_view metric, double value, SampleSink& sink);

  const std::string proc_root_;
  storage::FileSystem& files_;
  const storage::Counters& counters_;
  absl::flat_hash_map<std::string, SeriesId> ids_;
};

}  // namespace ora::collector
