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
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/log_sink.h"
#include "storage/index/series_index.h"
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
  // `on_full` is called, on the committer's thread, after a commit that leaves open_bytes_max or
  // more bytes open. The first batch record gets the number `log_number_next`.
  Committer(const TimeSeriesStoreOptions& options, const CommitTargets& targets,
            uint64_t log_number_next, std::function<void()> on_full, Clock& clock, LogSink& log,
            Counters& counters);
  // Commits what is queued.
  ~Committer();

  // As SeriesWriter::Write.
  absl::Status Enqueue(WriteBatch batch, WriteDone done) ABSL_LOCKS_EXCLUDED(mutex_);

  uint64_t samples_stored() const { return samples_stored_total_.load(); }

  // Why the last group was refused; empty if it was stored.
  std::string Refusal() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Pending {
    WriteBatch batch;
    WriteDone done;
    size_t bytes = 0;
    absl::StatusOr<WriteOutcome> outcome = WriteOutcome();
  };
  struct Group;

  void Run();
  std::vector<Pending> TakeGroup() ABSL_LOCKS_EXCLUDED(mutex_);
  void Commit(std::vector<Pending>& pending);
  absl::Status CheckRoom();
  void Prepare(Pending& pending, const WriteWindow& window, Group& group);
  absl::Status AddNewSeries(const WriteBatch& batch, Group& group);
  void Publish(const Group& group);
  void Finish(std::vector<Pending>& pending, absl::string_view refusal) ABSL_LOCKS_EXCLUDED(mutex_);

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

  // Of the committer's thread alone.
  uint64_t log_number_next_;
  std::vector<bool> known_durable_;  // Series that need no look into the index.

  mutable absl::Mutex mutex_;
  std::deque<Pending> queue_ ABSL_GUARDED_BY(mutex_);
  uint64_t batches_held_ ABSL_GUARDED_BY(mutex_) = 0;  // Queued or being committed.
  uint64_t bytes_held_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::string refusal_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace ora::storage
