// The one thread that makes batches durable: everything queued shares a write and its sync.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/log_sink.h"
#include "storage/index/series_index.h"
#include "storage/rocks/batch_record.h"
#include "storage/rocks/database.h"
#include "storage/time_series_store.h"
#include "storage/tsdb/open_chunks.h"
#include "storage/tsdb/sender_marks.h"
#include "storage/tsdb/space_guard.h"

namespace ora::storage {

struct WriteWindow;

// The parts of a shard that a commit touches; all must outlive the committer.
struct CommitTargets {
  Database& database;
  SeriesIndex& index;
  OpenChunks& open;
  SenderMarks& marks;
  SpaceGuard& space;
};

// Thread-safe.
class Committer {
 public:
  // One write of RocksDB, and so the longest batch; more waits for the next, so that the first need
  // not wait for the last.
  static constexpr size_t kGroupBytesMax = 16 << 20;
  // With so much in the queue nothing is won by gathering more.
  static constexpr size_t kGatherBatches = 256;
  static constexpr size_t kGatherBytes = 1 << 20;

  // While it lives no commit runs; batches queue up. Several may be held at once.
  class WritePause {
   public:
    // Returns when no commit runs. The committer must outlive the pause.
    explicit WritePause(Committer& committer);
    ~WritePause();
    WritePause(const WritePause&) = delete;
    WritePause& operator=(const WritePause&) = delete;

    // These series are no longer in the index: batches that name them are refused.
    void Forget(absl::Span<const SeriesId> ids);

   private:
    Committer& committer_;
  };

  // `on_full` is called, on the committer's thread, after a commit that leaves open_bytes_max or
  // more bytes open. The first batch record gets the number `log_number_next`.
  Committer(const TimeSeriesStoreOptions& options, const CommitTargets& targets,
            uint64_t log_number_next, std::function<void()> on_full, Clock& clock, LogSink& log,
            Counters& counters);
  // Commits what is queued.
  ~Committer();

  // As SeriesWriter::Write; any number of batches of one sender may be queued.
  absl::Status Enqueue(WriteBatch batch, WriteDone done) ABSL_LOCKS_EXCLUDED(mutex_);

  uint64_t samples_stored() const { return samples_stored_total_.load(); }

  // Why the last write was refused, or the next one would be for an error of the disk; empty once
  // it would not be. May write.
  std::string Refusal() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Pending {
    WriteBatch batch;
    WriteDone done;
    SenderMarks::Ticket ticket;
    size_t bytes = 0;
    absl::StatusOr<WriteOutcome> outcome = WriteOutcome();
  };
  struct Group;

  absl::Status CheckQueueRoom(size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run();
  std::vector<Pending> TakeGroup() ABSL_LOCKS_EXCLUDED(mutex_);
  void Commit(std::vector<Pending>& pending);
  bool GroupIsFull() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckRoom();
  absl::Status Store(std::vector<Pending>& pending);
  // What becomes of one batch; if it is to be stored it is in `group` then.
  absl::StatusOr<WriteOutcome> Prepare(Pending& pending, const WriteWindow& window, Group& group);
  absl::Status AddNewSeries(const WriteBatch& batch, Group& group);
  absl::Status CheckAllotted(const WriteBatch& batch, SeriesRef ref) const;
  bool IsKnownDurable(SeriesRef ref) const {
    return ref < known_durable_.size() && known_durable_[ref];
  }
  void SetKnownDurable(SeriesId id);
  void Publish(const Group& group, const BatchRecord& record);
  // Of the newest write that was tried.
  void SetRefusal(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  void Finish(std::vector<Pending>& pending) ABSL_LOCKS_EXCLUDED(mutex_);

  const TimeSeriesStoreOptions options_;
  const CommitTargets targets_;
  const std::function<void()> on_full_;
  Clock& clock_;
  LogSink& log_;
  Counter& samples_stored_;
  Counter& samples_too_old_;
  Counter& samples_too_new_;
  Counter& batches_repeated_;
  Counter& batches_refused_;
  Counter& commits_;
  std::atomic<uint64_t> samples_stored_total_{0};

  // Of the committer's thread while it commits, and of who holds a pause.
  uint64_t log_number_next_;
  std::vector<bool> known_durable_;  // Series that need no look into the index.
  BatchRecordEncoder encoder_;

  mutable absl::Mutex mutex_;
  std::deque<Pending> queue_ ABSL_GUARDED_BY(mutex_);
  uint64_t batches_held_ ABSL_GUARDED_BY(mutex_) = 0;  // Queued or being committed.
  uint64_t bytes_held_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_queued_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool committing_ ABSL_GUARDED_BY(mutex_) = false;
  uint32_t pauses_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace ora::storage
