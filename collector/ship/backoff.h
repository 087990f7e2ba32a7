// How long to wait before the next attempt: longer each time, and never the same on two hosts.
#pragma once

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace ora::collector {

struct BackoffLimits {
  absl::Duration shortest;
  absl::Duration longest;
};

// One thread.
class Backoff {
 public:
  Backoff(const BackoffLimits& limits, uint64_t seed) : limits_(limits), random_(seed) {}

  // Doubles from `shortest` to `longest`; of this, half to all.
  absl::Duration Next();

  // The next attempt counts as the first.
  void Reset() { step_ = absl::ZeroDuration(); }

  // Half to all of `delay`.
  absl::Duration Jitter(absl::Duration delay);

 private:
  const BackoffLimits limits_;
  std::mt19937_64 random_;
  absl::Duration step_ = absl::ZeroDuration();
};

}  // namespace ora::collector
