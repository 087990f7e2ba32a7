#include "storage/tsdb/space_guard.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(2);

}  // namespace

SpaceGuard::SpaceGuard(std::string directory, uint64_t free_bytes_floor, Clock& clock,
                       FileSystem& files)
    : directory_(std::move(directory)),
      free_bytes_floor_(free_bytes_floor),
      clock_(clock),
      files_(files) {}

void SpaceGuard::LookIfDue() {
  const absl::Duration now = clock_.Monotonic();
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  // A disk that does not tell is not taken for a full one: the writes themselves will say.
  free_bytes_ = files_.FreeBytes(directory_).value_or(std::numeric_limits<uint64_t>::max());
}

void SpaceGuard::SetDiskUse(const DiskUse& use) {
  absl::MutexLock lock(&mutex_);
  use_ = use;
}

absl::Status SpaceGuard::Check() {
  absl::MutexLock lock(&mutex_);
  LookIfDue();
  if (use_.bytes_max > 0 && use_.bytes > use_.bytes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("store ", directory_, " accepts no writes: today's samples alone take ",
                     use_.bytes, " bytes, at most ", use_.bytes_max, " are allowed; allow more"));
  }
  if (free_bytes_ >= free_bytes_floor_) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("store ", directory_, " accepts no writes: ", free_bytes_, " bytes are free, ",
                   free_bytes_floor_, " must stay free; make room or shorten the retention"));
}

uint64_t SpaceGuard::FreeBytes() {
  absl::MutexLock lock(&mutex_);
  LookIfDue();
  return free_bytes_;
}

}  // namespace ora::storage
