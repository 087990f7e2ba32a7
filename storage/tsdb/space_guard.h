// Watches the free space below a store.
#pragma once

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/env/clock.h"
#include "storage/env/file_system.h"
#include "storage/retention/retention_plan.h"

namespace ora::storage {

// Looks at most every two seconds. Thread-safe.
class SpaceGuard {
 public:
  // `clock` and `files` must outlive the guard.
  SpaceGuard(std::string directory, uint64_t free_bytes_floor, Clock& clock, FileSystem& files);

  // What the store takes of the disk when all was dropped that may go, and its limit.
  void SetDiskUse(const DiskUse& use) ABSL_LOCKS_EXCLUDED(mutex_);

  // RESOURCE_EXHAUSTED: fewer bytes are free than the floor, or the store takes more than it may.
  absl::Status Check() ABSL_LOCKS_EXCLUDED(mutex_);

  // As of the last look; a look now if there was none.
  uint64_t FreeBytes() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void LookIfDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string directory_;
  const uint64_t free_bytes_floor_;
  Clock& clock_;
  FileSystem& files_;
  absl::Mutex mutex_;
  absl::Duration next_look_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  uint64_t free_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  DiskUse use_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
