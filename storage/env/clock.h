// The seam to time. Nothing in Ora reads a clock or waits but through it.
#pragma once

#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace ora::storage {

// Thread-safe. In tests a ManualClock: time moves only when the test says so.
class Clock {
 public:
  virtual ~Clock() = default;

  // For timestamps. May jump either way.
  virtual absl::Time Now() = 0;

  // For intervals; never goes back; this process only.
  virtual absl::Duration Monotonic() = 0;

  // Waits under `mutex`, which the caller holds, for `condition`, at most `limit` (which may be
  // infinite); true if it holds at the end. The mutex is released while waiting. Nothing else
  // waits.
  virtual bool Await(absl::Mutex& mutex, const absl::Condition& condition,
                     absl::Duration limit) = 0;

  // Milliseconds since the Unix epoch: the unit of samples.
  int64_t NowMillis() { return absl::ToUnixMillis(Now()); }
};

}  // namespace ora::storage
