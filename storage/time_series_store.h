// The store of one aggregator: series, samples, marks and state, over one or more shards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/cardinality.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/file_system.h"
#include "storage/env/log_sink.h"
#include "storage/retention_rules.h"
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
  // Open chunks are sealed when they are this old, or when they take open_bytes_max of memory. At
  // twice that many bytes (sealing does not keep up), or at 8 GiB, writes are refused.
  absl::Duration seal_interval = absl::Minutes(30);
  uint64_t open_bytes_max = uint64_t{320} << 20;
  // How long samples are kept: by the first rule that matches a series, else by `retention`. At
  // most kRetentionRulesMax rules.
  Retention retention;
  std::vector<RetentionRule> retention_rules;
  // Series in all, and of one instance.
  uint64_t series_max = 2'000'000;
  uint64_t series_per_instance_max = 100'000;
  // Memory for what was read lately, unpacked. 0: nothing is kept.
  uint64_t hot_bytes_max = uint64_t{64} << 20;
  // Batches in the queue of writers.
  uint64_t queue_batches_max = 16'384;
  uint64_t queue_bytes_max = uint64_t{256} << 20;
  // How long a commit waits for more batches to share its sync with.
  absl::Duration commit_gather = absl::ZeroDuration();
  // Below this many free bytes writes are refused with RESOURCE_EXHAUSTED until there is room.
  uint64_t free_bytes_floor = uint64_t{256} << 20;
  // Bytes on disk, all in. Above it the oldest raw partitions go before their time (told in the log
  // and counted); when only those of today are left, writes are refused. 0: no limit.
  uint64_t disk_bytes_max = 0;
};

// A copy of the store as it was at one moment.
struct StoreSnapshot {
  std::string uri;  // What a fresh aggregator is started with.
  uint64_t bytes = 0;
};

// What DeleteSeries took away.
struct DeletedSeries {
  uint64_t series = 0;
};

// What the store holds, at one moment.
struct StoreStatistics {
  uint64_t series = 0;
  uint64_t samples_ingested = 0;  // Since it was opened.
  uint64_t samples_open = 0;
  uint64_t samples_sealed = 0;
  uint64_t chunk_bytes = 0;
  uint64_t partitions = 0;    // Of all resolutions.
  uint64_t young_chunks = 0;  // Sealed and not yet merged into longer ones; about.
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

  // Seals, then merges the small chunks that sealings left into long ones. Runs by itself, a part
  // at a time; whole when little is written for what waits to be merged.
  virtual absl::Status Settle() = 0;

  // Drops the partitions that the retention lets go, and forgets series that have no sample left.
  // Runs by itself every hour.
  virtual absl::Status ExpireOld() = 0;

  // Removes the series that all of `matchers` match, with every sample of theirs in every
  // resolution; durable when it returns, and their bytes are given back soon after. What their
  // senders send later makes new series. INVALID_ARGUMENT: no matcher, or none that refuses the
  // empty value. Blocks writes for as long as it takes.
  virtual absl::StatusOr<DeletedSeries> DeleteSeries(const std::vector<Matcher>& matchers) = 0;

  // Makes a consistent copy in the directory `snapshots/NAME` beside the shards, while all goes on;
  // cheap, since files that do not change are shared. `name` is 1 to 64 characters of
  // [a-zA-Z0-9_-]. ALREADY_EXISTS: there is one of that name. RESOURCE_EXHAUSTED: no space.
  virtual absl::StatusOr<StoreSnapshot> Snapshot(const std::string& name) = 0;

  // The `top` highest of each list.
  virtual CardinalityReport Cardinality(size_t top) = 0;

  virtual StoreStatistics Statistics() = 0;
};

}  // namespace ora::storage
