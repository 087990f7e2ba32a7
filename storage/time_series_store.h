// The store of one aggregator: series, samples, marks and state, over one or more shards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/file_system.h"
#include "storage/env/log_sink.h"
#include "storage/series_reader.h"
#include "storage/series_writer.h"
#include "storage/state_store.h"

namespace ora::storage {

struct TimeSeriesStoreOptions {
  // `file:///absolute/directory`; created if absent. Other schemes are INVALID_ARGUMENT.
  std::string uri;
  // How late a sample may come.
  absl::Duration out_of_order_window = absl::Hours(24 * 7);
  // How far ahead of the clock a sample may be.
  absl::Duration future_window = absl::Minutes(10);
  // Open chunks are sealed when they are this old, or when samples_open_max are open.
  absl::Duration seal_interval = absl::Minutes(30);
  uint64_t samples_open_max = 8'000'000;
  // Raw samples older than this are dropped, a day at a time.
  absl::Duration retention = absl::Hours(24 * 30);
  // Series in all, and batches in the queue of writers.
  uint64_t series_max = 2'000'000;
  uint64_t queue_batches_max = 16'384;
  uint64_t queue_bytes_max = uint64_t{256} << 20;
  // Below this many free bytes writes are refused with RESOURCE_EXHAUSTED until there is room.
  uint64_t free_bytes_floor = uint64_t{256} << 20;
};

// What the store holds, at one moment.
struct StoreStatistics {
  uint64_t series = 0;
  uint64_t samples_ingested = 0;  // Since it was opened.
  uint64_t samples_open = 0;
  uint64_t samples_sealed = 0;
  uint64_t chunk_bytes = 0;
  uint64_t disk_bytes = 0;
  uint64_t free_bytes = 0;
  uint64_t damaged_records = 0;  // Skipped since it was opened.
  std::string refusal;           // Why writes are refused; empty while they are accepted.
};

// Thread-safe. One store per URI at a time (a lock says so). The destructor drains the queue,
// seals nothing, and closes: what was acknowledged is durable at any moment.
class TimeSeriesStore : public SeriesReader, public SeriesWriter, public StateStore {
 public:
  // Opens or creates, and recovers what was durable but not sealed. `clock`, `files`, `log` and
  // `counters` must outlive the store. FAILED_PRECONDITION: another process has it open, or its
  // format is newer than this program. DATA_LOSS: damage that leaves nothing to serve.
  static absl::StatusOr<std::unique_ptr<TimeSeriesStore>> Open(
      const TimeSeriesStoreOptions& options, Clock& clock, FileSystem& files, LogSink& log,
      Counters& counters);

  // Seals every open chunk now, and returns when that is durable. Runs by itself every
  // `seal_interval`; at a clean stop; and in tests.
  virtual absl::Status Seal() = 0;

  // Drops the partitions that `retention` lets go. Runs by itself every hour.
  virtual absl::Status ExpireOld() = 0;

  virtual StoreStatistics Statistics() = 0;
};

}  // namespace ora::storage
