// The program's own counters as series, so that it is watched like everything else.
#pragma once

#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/log_sink.h"
#include "storage/series_writer.h"

namespace ora::aggregator {

struct CounterSeriesOptions {
  std::string instance;                         // The host's name.
  std::string component;                        // The program's name.
  absl::Duration interval = absl::Seconds(10);  // Between samples.
};

// Writes each counter as `NAME{instance, job="ora", component}`. Thread-safe but for Start and
// Stop, which are called from one thread.
class CounterSeries {
 public:
  // All references must outlive it.
  CounterSeries(CounterSeriesOptions options, storage::SeriesWriter& writer, storage::Clock& clock,
                storage::LogSink& log, storage::Counters& counters);
  ~CounterSeries() { Stop(); }

  // One sample of every counter, at the clock's time. Blocks on the disk.
  absl::Status WriteOnce() ABSL_LOCKS_EXCLUDED(refs_mutex_);

  // Does that every `interval` on a thread of its own until Stop.
  void Start() ABSL_LOCKS_EXCLUDED(mutex_);
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const CounterSeriesOptions options_;
  storage::SeriesWriter& writer_;
  storage::Clock& clock_;
  storage::LogSink& log_;
  storage::Counters& counters_;
  absl::Mutex refs_mutex_;
  absl::flat_hash_map<std::string, storage::SeriesRef> refs_ ABSL_GUARDED_BY(refs_mutex_);
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ora::aggregator
