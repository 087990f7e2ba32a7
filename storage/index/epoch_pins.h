// When what readers may still look at can be freed.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ora::storage {

// A reader takes a pin, under the lock under which it finds what it will look at, and keeps it for
// as long as it looks. What a writer has unlinked under the same lock goes with a number from
// Retire, and may be freed when OldestPinned is higher. Thread-safe; its lock is the innermost.
class EpochPins {
 public:
  // Move-only; must not outlive the EpochPins.
  class Pin {
   public:
    Pin() = default;
    Pin(Pin&& other) noexcept : pins_(std::exchange(other.pins_, nullptr)), epoch_(other.epoch_) {}
    Pin& operator=(Pin&& other) noexcept {
      std::swap(pins_, other.pins_);
      std::swap(epoch_, other.epoch_);
      return *this;
    }
    ~Pin() {
      if (pins_ != nullptr) pins_->Release(epoch_);
    }

   private:
    friend class EpochPins;
    Pin(const EpochPins* pins, uint64_t epoch) : pins_(pins), epoch_(epoch) {}

    const EpochPins* pins_ = nullptr;
    uint64_t epoch_ = 0;
  };

  Pin Take() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    ++pinned_[epoch_];
    return Pin(this, epoch_);
  }

  // For what is unlinked now: pins that are taken later do not hold it.
  uint64_t Retire() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return epoch_++;
  }

  // Nothing was retired since the pin was taken.
  bool IsCurrent(const Pin& pin) const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return pin.epoch_ == epoch_;
  }

  // What was retired below this is looked at by nobody.
  uint64_t OldestPinned() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return pinned_.empty() ? epoch_ : pinned_.begin()->first;
  }

 private:
  void Release(uint64_t epoch) const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    const auto at = pinned_.find(epoch);
    if (--at->second == 0) pinned_.erase(at);
  }

  mutable absl::Mutex mutex_;
  uint64_t epoch_ ABSL_GUARDED_BY(mutex_) = 1;
  mutable std::map<uint64_t, uint32_t> pinned_ ABSL_GUARDED_BY(mutex_);  // Pins by epoch.
};

}  // namespace ora::storage
