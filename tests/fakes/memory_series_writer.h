// A SeriesWriter in memory whose outcomes a test decides.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "storage/sample.h"
#include "storage/series_writer.h"

namespace ora::fakes {

// Thread-safe. Stores each batch at once, on the caller's thread, unless Hold was called: then each
// waits for a Complete. Keeps marks as a store does, so a repeat is answered as one, and refuses
// what comes after a refused batch of the same sender, until that one comes again or the sender
// begins anew.
class MemorySeriesWriter final : public storage::SeriesWriter {
 public:
  absl::StatusOr<storage::SeriesRef> Intern(const std::string& instance,
                                            const storage::Labels& labels) override
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    const auto found = refs_.find({instance, labels});
    if (found != refs_.end()) return found->second;
    if (refs_.size() >= series_max_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("series ", labels.Get(storage::kMetricNameLabel), ": the store has ",
                       refs_.size(), " of ", series_max_));
    }
    const storage::SeriesRef ref = refs_.size() + 1;
    refs_[{instance, labels}] = ref;
    labels_[ref] = labels;
    return ref;
  }

  absl::Status Write(storage::WriteBatch batch, storage::WriteDone done) override
      ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      if (!refusal_.ok()) return refusal_;
      waiting_.push_back({std::move(batch), std::move(done), false});
      if (held_) return absl::OkStatus();
    }
    Complete();
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> DurableSequence(const std::string& instance,
                                           const std::string& collector_id,
                                           uint64_t incarnation) override
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (!refusal_.ok()) return refusal_;
    const MarkKey key = {instance, collector_id, incarnation};
    refused_.erase(key);
    for (Waiting& one : waiting_) one.left_behind = one.left_behind || KeyOf(one.batch) == key;
    const auto mark = marks_.find(key);
    return mark == marks_.end() ? 0 : mark->second;
  }

  // Keeps batches until they are completed one by one.
  void Hold() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    held_ = true;
  }

  // Refuses every Write at once, with `done` never called; OK takes it back.
  void RefuseWith(absl::Status refusal) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    refusal_ = std::move(refusal);
  }

  void LimitSeries(size_t series_max) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    series_max_ = series_max;
  }

  // What becomes of samples that are this old or this new: times outside are not stored.
  void AcceptTimes(storage::TimeRange range) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    range_ = range;
  }

  // Stores the oldest batch that waits, and tells its writer; false if none waits.
  bool Complete() ABSL_LOCKS_EXCLUDED(mutex_) { return CompleteWith(absl::OkStatus()); }

  // Fails the oldest batch that waits with `error`.
  bool CompleteWith(const absl::Status& error) ABSL_LOCKS_EXCLUDED(mutex_) {
    Waiting next;
    absl::StatusOr<storage::WriteOutcome> outcome{storage::WriteOutcome{}};
    {
      absl::MutexLock lock(&mutex_);
      if (waiting_.empty()) return false;
      next = std::move(waiting_.front());
      waiting_.pop_front();
      if (next.left_behind) {
        outcome = absl::UnavailableError("its sender has begun anew");
      } else if (error.ok()) {
        outcome = Store(next.batch);
      } else {
        outcome = error;
        refused_.try_emplace(KeyOf(next.batch), next.batch.sender.sequence);
      }
    }
    next.done(outcome);
    return true;
  }

  size_t waiting() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return waiting_.size();
  }

  // Every batch that was stored, repeats not among them.
  std::vector<storage::WriteBatch> stored() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return stored_;
  }

  storage::Labels LabelsOf(storage::SeriesRef ref) const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    const auto found = labels_.find(ref);
    return found == labels_.end() ? storage::Labels() : found->second;
  }

 private:
  struct Waiting {
    storage::WriteBatch batch;
    storage::WriteDone done;
    bool left_behind = false;  // Its sender has begun anew since.
  };
  using MarkKey = std::tuple<std::string, std::string, uint64_t>;

  static MarkKey KeyOf(const storage::WriteBatch& batch) {
    return {batch.instance, batch.sender.collector_id, batch.sender.incarnation};
  }

  absl::StatusOr<storage::WriteOutcome> Store(const storage::WriteBatch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    storage::WriteOutcome outcome;
    if (!batch.sender.collector_id.empty()) {
      const auto refused = refused_.find(KeyOf(batch));
      if (refused != refused_.end() && batch.sender.sequence > refused->second) {
        return absl::UnavailableError("a batch before it was refused");
      }
      refused_.erase(KeyOf(batch));
      uint64_t& mark = marks_[KeyOf(batch)];
      outcome.repeat = batch.sender.sequence <= mark;
      if (outcome.repeat) return outcome;
      mark = batch.sender.sequence;
    }
    for (const storage::WriteBlock& block : batch.blocks) {
      if (block.time_millis < range_.start_millis) {
        outcome.samples_too_old += block.values.size();
        outcome.rejection_example = absl::StrCat("time ", block.time_millis, " is too old");
      } else if (block.time_millis > range_.end_millis) {
        outcome.samples_too_new += block.values.size();
        outcome.rejection_example = absl::StrCat("time ", block.time_millis, " is too new");
      } else {
        outcome.samples_stored += block.values.size();
      }
    }
    stored_.push_back(batch);
    return outcome;
  }

  mutable absl::Mutex mutex_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
  size_t series_max_ ABSL_GUARDED_BY(mutex_) = 1'000'000;
  storage::TimeRange range_ ABSL_GUARDED_BY(mutex_) = {INT64_MIN, INT64_MAX};
  std::map<std::pair<std::string, storage::Labels>, storage::SeriesRef> refs_
      ABSL_GUARDED_BY(mutex_);
  std::map<storage::SeriesRef, storage::Labels> labels_ ABSL_GUARDED_BY(mutex_);
  std::map<MarkKey, uint64_t> marks_ ABSL_GUARDED_BY(mutex_);
  std::map<MarkKey, uint64_t> refused_ ABSL_GUARDED_BY(mutex_);  // The first of each sender.
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<storage::WriteBatch> stored_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::fakes
