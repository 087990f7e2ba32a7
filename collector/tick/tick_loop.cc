#include "collector/tick/tick_loop.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

// A clock that was set back by less is waited for: time goes on by a millisecond a tick. By more,
// it was wrong before, and its time is taken.
constexpr int64_t kClockBackMillisMax = 60'000;

uint64_t SampleCount(const v1::Batch& batch) {
  uint64_t samples = 0;
  for (const v1::SampleBlock& block : batch.blocks()) samples += block.values_size();
  return samples;
}

}  // namespace

TickLoop::TickLoop(const TickLoopOptions& options, const TickLoopParts& parts,
                   storage::Clock& clock, storage::LogSink& log, storage::Counters& counters)
    : options_(options),
      parts_(parts),
      clock_(clock),
      log_(log),
      ticks_(counters.Get("ora_collector_ticks_total")),
      skipped_ticks_(counters.Get("ora_collector_skipped_ticks_total")),
      dropped_samples_(counters.Get("ora_collector_dropped_samples_total")),
      batch_(options.instance),
      next_poll_(clock.Monotonic()),
      next_tick_(next_poll_) {}

absl::Duration TickLoop::Step() {
  if ((more_to_read_ && !holding_) || clock_.Monotonic() >= next_poll_) Poll();
  if (clock_.Monotonic() >= next_tick_) Tick();
  if (more_to_read_ && !holding_) return absl::ZeroDuration();
  const absl::Duration next = std::min(next_poll_, next_tick_);
  return std::max(next - clock_.Monotonic(), absl::ZeroDuration());
}

void TickLoop::Finish() {
  if (!holding_) Poll();
  Tick();
}

void TickLoop::Poll() {
  // While nothing may be read, rotations are still looked at: handles keep what they would take.
  more_to_read_ = parts_.follower.Poll(holding_ ? 0 : options_.poll_bytes_max);
  next_poll_ = clock_.Monotonic() + options_.poll_interval;
  // A counter that nobody saw at zero has no first rise: the zero goes out soon.
  if (parts_.watch.appeared()) {
    const absl::Duration soon =
        std::max(clock_.Monotonic(), last_tick_ + options_.early_tick_interval);
    next_tick_ = std::min(next_tick_, soon);
  }
}

void TickLoop::Tick() {
  last_tick_ = clock_.Monotonic();
  next_tick_ += options_.sample_interval;
  if (next_tick_ <= last_tick_) {
    skipped_ticks_.Add(static_cast<uint64_t>((last_tick_ - next_tick_) / options_.sample_interval));
    next_tick_ = last_tick_ + options_.sample_interval;
  } else {
    next_tick_ = std::min(next_tick_, last_tick_ + options_.sample_interval);
  }
  parts_.watch.Clear();
  ticks_.Increment();
  batch_.Begin(TickMillis());
  Sample();
  const absl::Status status = SpoolTick();
  if (!status.ok()) {
    NoteFailure(status);
    return;
  }
  parts_.follower.Commit();
  parts_.accounts.Commit();
  if (holding_) log_.Info("collector: the spool takes batches again; logs are read on");
  holding_ = false;
}

void TickLoop::Sample() {
  parts_.accounts.EmitTo(batch_);
  if (parts_.processes != nullptr) parts_.processes->Sample(batch_);
  if (parts_.host != nullptr) parts_.host->Sample(batch_);
  const SpoolStatistics spool = parts_.spool.Statistics();
  parts_.own.Sample({.spool_bytes = spool.bytes_on_disk,
                     .spool_batches_pending = spool.batches_pending,
                     .files_followed = parts_.follower.files_followed(),
                     .files_open = parts_.follower.files_open(),
                     .files_hinted = parts_.follower.files_hinted(),
                     .bytes_behind = parts_.follower.bytes_behind(),
                     .series = batch_.series_count()},
                    batch_);
}

// The state goes with the first batch of the tick: whatever of the tick is durable, the counters of
// a later start go on from no less than what was told, so none is ever seen to go back. What a
// crash keeps out of the later batches, the next tick tells again: counters are totals.
absl::Status TickLoop::SpoolTick() {
  std::vector<StateChange> changes = TakeChanges();
  do {
    const v1::Batch batch = batch_.Finish(parts_.spool.NextSegment());
    const auto sequence = parts_.spool.Append(batch.SerializeAsString(), changes);
    if (!sequence.ok()) {
      dropped_samples_.Add(SampleCount(batch) + batch_.samples_left());
      batch_.Forget();
      return sequence.status();
    }
    changes.clear();
  } while (!batch_.finished());
  return absl::OkStatus();
}

std::vector<StateChange> TickLoop::TakeChanges() {
  std::vector<StateChange> changes;
  for (FollowerStateChange& change : parts_.follower.Changes()) {
    changes.push_back({std::move(change.key), absl::nullopt});
    if (!change.deleted) changes.back().value = std::move(change.value);
  }
  for (AccountChange& change : parts_.accounts.Changes()) {
    changes.push_back({std::move(change.key), absl::nullopt});
    if (!change.deleted) changes.back().value = std::move(change.value);
  }
  return changes;
}

void TickLoop::NoteFailure(const absl::Status& status) {
  if (!holding_) {
    log_.Error(absl::StrCat("collector: a tick was not spooled: ", status.message(),
                            "; logs are not read until one is, their files are the buffer"));
  }
  holding_ = true;
}

int64_t TickLoop::TickMillis() {
  const int64_t now = clock_.NowMillis();
  const bool back = now <= last_tick_millis_ && now > last_tick_millis_ - kClockBackMillisMax;
  last_tick_millis_ = back ? last_tick_millis_ + 1 : now;
  return last_tick_millis_;
}

}  // namespace ora::collector
