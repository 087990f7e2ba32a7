#include "collector/ship/backoff.h"

#include <algorithm>

namespace ora::collector {

absl::Duration Backoff::Next() {
  step_ = step_ == absl::ZeroDuration() ? limits_.shortest : step_ * 2;
  step_ = std::min(step_, limits_.longest);
  return Jitter(step_);
}

absl::Duration Backoff::Jitter(absl::Duration delay) {
  return delay * std::uniform_real_distribution<double>(0.5, 1.0)(random_);
}

}  // namespace ora::collector
