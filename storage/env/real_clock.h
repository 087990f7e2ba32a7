// The host's own clock.
#pragma once

#include "storage/env/clock.h"

namespace ora::storage {

// Clock over CLOCK_REALTIME, CLOCK_MONOTONIC and absl::Mutex's own waiting.
class RealClock final : public Clock {
 public:
  absl::Time Now() override;
  absl::Duration Monotonic() override;
  bool Await(absl::Mutex& mutex, const absl::Condition& condition, absl::Duration limit) override;
};

}  // namespace ora::storage
