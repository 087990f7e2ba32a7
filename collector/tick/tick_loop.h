// What the collector's one thread does: reads logs, and at each tick spools what there is to tell.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/classify/log_accounts.h"
#include "collector/process/host_sampler.h"
#include "collector/process/process_sampler.h"
#include "collector/series/tick_batch.h"
#include "collector/spool/spool.h"
#include "collector/tail/log_follower.h"
#include "collector/tick/new_log_watch.h"
#include "collector/tick/own_series.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/log_sink.h"

namespace ora::collector {

struct TickLoopOptions {
  std::string instance;
  absl::Duration sample_interval;
  absl::Duration poll_interval;
  size_t poll_bytes_max = size_t{4} << 20;
  // A log that appears brings the next tick forward, but not nearer to the last than this.
  absl::Duration early_tick_interval = absl::Seconds(1);
};

// All must outlive the loop. Samplers that are disabled are null.
struct TickLoopParts {
  LogFollower& follower;  // Hands its lines to `watch`.
  NewLogWatch& watch;     // And this to `accounts`.
  LogAccounts& accounts;
  ProcessSampler* processes;
  HostSampler* host;
  OwnSeries& own;
  Spool& spool;
};

// One thread. A tick that cannot be spooled is dropped and its samples are counted
// (`ora_collector_dropped_samples_total`), but nothing of logs: from then on they are not read, for
// the files are the buffer, until a tick is spooled again.
class TickLoop {
 public:
  TickLoop(const TickLoopOptions& options, const TickLoopParts& parts, storage::Clock& clock,
           storage::LogSink& log, storage::Counters& counters);

  // Does what is due now and returns how long there is nothing to do. The first step ticks.
  absl::Duration Step();

  // Reads once more and ticks: the last thing before the end.
  void Finish();

 private:
  void Poll();
  void Tick();
  void Sample();
  absl::Status SpoolTick();
  std::vector<StateChange> TakeChanges();
  void NoteFailure(const absl::Status& status);
  int64_t TickMillis();

  const TickLoopOptions options_;
  const TickLoopParts parts_;
  storage::Clock& clock_;
  storage::LogSink& log_;
  storage::Counter& ticks_;
  storage::Counter& skipped_ticks_;
  storage::Counter& dropped_samples_;

  TickBatch batch_;
  absl::Duration next_poll_;
  absl::Duration next_tick_;
  absl::Duration last_tick_ = -absl::InfiniteDuration();
  int64_t last_tick_millis_ = 0;
  bool more_to_read_ = false;
  bool holding_ = false;  // The last tick was not spooled: logs are not read.
};

}  // namespace ora::collector
