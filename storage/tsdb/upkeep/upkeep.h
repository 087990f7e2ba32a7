// The one thread that looks after a store: it knows when, and others know how.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/env/clock.h"
#include "storage/env/log_sink.h"
#include "storage/tsdb/upkeep/merge_schedule.h"

namespace ora::storage {

// What there is to do; all are called on the upkeep's thread alone.
struct UpkeepDuties {
  std::function<absl::Status()> seal;
  std::function<absl::Status(MergeOccasion)> merge;
  std::function<absl::Status()> expire;
  // Keeps to the limit of disk space.
  std::function<absl::Status()> make_room;
  // Gives the space of deleted series back.
  std::function<absl::Status()> reclaim;
  // Grows with all that is written.
  std::function<uint64_t()> samples_stored;
  // Those that no merge has seen.
  std::function<uint64_t()> samples_unmerged;
};

// A store is idle when at the last minute's rate it would take this many sealing intervals and more
// to write as much as waits to be merged. Silence is not asked for, since a few series (the
// aggregator's own counters) are always written. It is longer than anything waits while a load is
// steady, so that then merges keep to their own schedule, and what an idle merge leaves makes the
// next one wait as long again.
inline constexpr int64_t kIdleHorizonSealings = kSealingsBeforeMerge + 2;

// Thread-safe.
class Upkeep {
 public:
  // Seals when `seal_interval` has passed, expires every hour, and looks every minute at what is to
  // be merged: an idle store is sealed and merged. A duty that fails is
  // logged and done again a minute later; expiry an hour later.
  Upkeep(absl::Duration seal_interval, UpkeepDuties duties, Clock& clock, LogSink& log);
  ~Upkeep() { Stop(); }

  // Does nothing more, once the duty that is being done is done. The other calls stay safe.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  // Seals soon.
  void WantSeal() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // What the thread woke up for.
  struct Due {
    bool stop = false;
    bool seal = false;
    bool expire = false;
    bool look = false;
  };

  void Run();
  Due AwaitDue() ABSL_LOCKS_EXCLUDED(mutex_);
  void Seal() ABSL_LOCKS_EXCLUDED(mutex_);
  void Look();
  bool IsIdle();
  void Do(const std::function<absl::Status()>& duty, absl::string_view name);

  const absl::Duration seal_interval_;
  const UpkeepDuties duties_;
  Clock& clock_;
  LogSink& log_;
  uint64_t samples_seen_ = 0;  // Of the thread alone.

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool seal_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration next_seal_ ABSL_GUARDED_BY(mutex_);
  absl::Duration next_expiry_ ABSL_GUARDED_BY(mutex_);
  absl::Duration next_look_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace ora::storage
