#include "storage/tsdb/upkeep/upkeep.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

constexpr absl::Duration kExpireEvery = absl::Hours(1);
constexpr absl::Duration kLookEvery = absl::Minutes(1);
constexpr absl::Duration kSealAgainAfterError = absl::Minutes(1);

}  // namespace

Upkeep::Upkeep(absl::Duration seal_interval, UpkeepDuties duties, Clock& clock, LogSink& log)
    : seal_interval_(seal_interval), duties_(std::move(duties)), clock_(clock), log_(log) {
  const absl::Duration now = clock_.Monotonic();
  next_seal_ = now + seal_interval_;
  next_expiry_ = now + kExpireEvery;
  next_look_ = now + kLookEvery;
  samples_seen_ = duties_.samples_stored();
  thread_ = std::thread([this] { Run(); });
}

void Upkeep::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Upkeep::WantSeal() {
  absl::MutexLock lock(&mutex_);
  seal_wanted_ = true;
}

void Upkeep::Run() {
  for (;;) {
    const Due due = AwaitDue();
    if (due.stop) return;
    if (due.seal) Seal();
    if (due.look) Look();
    if (due.expire) Do(duties_.expire, "expiry");
  }
}

Upkeep::Due Upkeep::AwaitDue() {
  absl::MutexLock lock(&mutex_);
  const absl::Duration wait = std::min({next_seal_, next_expiry_, next_look_}) - clock_.Monotonic();
  const auto called = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || seal_wanted_;
  };
  clock_.Await(mutex_, absl::Condition(&called), std::max(wait, absl::ZeroDuration()));
  const absl::Duration now = clock_.Monotonic();
  const Due due{.stop = stopping_,
                .seal = seal_wanted_ || now >= next_seal_,
                .expire = now >= next_expiry_,
                .look = now >= next_look_};
  seal_wanted_ = false;
  if (due.seal) next_seal_ = now + seal_interval_;
  if (due.expire) next_expiry_ = now + kExpireEvery;
  if (due.look) next_look_ = now + kLookEvery;
  return due;
}

void Upkeep::Seal() {
  const absl::Status sealed = duties_.seal();
  if (sealed.ok()) {
    Do([this] { return duties_.merge(MergeOccasion::kRoutine); }, "merging");
    return;
  }
  log_.Warning(absl::StrCat("storage: sealing is put off by a minute: ", sealed.message()));
  absl::MutexLock lock(&mutex_);
  next_seal_ = std::min(next_seal_, clock_.Monotonic() + kSealAgainAfterError);
}

bool Upkeep::IsIdle() {
  const uint64_t samples = duties_.samples_stored();
  const uint64_t written = samples - std::exchange(samples_seen_, samples);
  const double horizon = kIdleHorizonSealings * absl::FDivDuration(seal_interval_, kLookEvery);
  return static_cast<double>(written) * horizon <= static_cast<double>(duties_.samples_unmerged());
}

void Upkeep::Look() {
  const bool idle = IsIdle();
  if (idle) Do(duties_.seal, "sealing");
  Do([&] { return duties_.merge(idle ? MergeOccasion::kIdle : MergeOccasion::kRoutine); },
     "merging");
  Do(duties_.reclaim, "giving space back");
  Do(duties_.make_room, "the limit of disk space");
}

void Upkeep::Do(const std::function<absl::Status()>& duty, absl::string_view name) {
  const absl::Status done = duty();
  if (!done.ok()) log_.Warning(absl::StrCat("storage: ", name, " is put off: ", done.message()));
}

}  // namespace ora::storage
