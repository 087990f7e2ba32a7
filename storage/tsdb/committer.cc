#include "storage/tsdb/committer.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "storage/rocks/batch_record.h"
#include "storage/rocks/series_record.h"
#include "storage/tsdb/shard_meta.h"
#include "storage/tsdb/write_window.h"

namespace ora::storage {
namespace {

// When sealing does not keep up, writes are refused before memory is gone.
constexpr uint64_t kOpenBytesFactorMax = 2;
// Half of what a segment can name, should all samples be of its series.
constexpr uint64_t kOpenBytesMax = uint64_t{8} << 30;

// However wide the windows are: from 1970 to the year 9999.
constexpr int64_t kTimeMillisMin = 0;
constexpr int64_t kTimeMillisMax = 253'402'300'799'999;

size_t BytesOf(const WriteBatch& batch) {
  size_t bytes = sizeof(batch) + batch.instance.size() + batch.sender.collector_id.size();
  for (const WriteBlock& block : batch.blocks) {
    bytes += sizeof(block) + block.series.size() * (sizeof(SeriesRef) + sizeof(double));
  }
  return bytes;
}

absl::Status CheckShape(const WriteBatch& batch) {
  if (!batch.sender.collector_id.empty() && batch.sender.sequence == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch of ", batch.sender.collector_id, " has sequence 0; the first is 1"));
  }
  for (const WriteBlock& block : batch.blocks) {
    if (block.series.size() != block.values.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("block of a batch of ", batch.instance, " has ", block.series.size(),
                       " series and ", block.values.size(), " values; they must be as many"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

// What one write makes durable.
struct Committer::Group {
  explicit Group(const Database& database) : changes(database) {}

  DatabaseChanges changes;
  std::vector<const std::vector<WriteBlock>*> batches;
  std::vector<SeriesId> new_series;
  absl::flat_hash_set<SeriesId> new_series_set;
};

Committer::Committer(const TimeSeriesStoreOptions& options, const CommitTargets& targets,
                     uint64_t log_number_next, std::function<void()> on_full, Clock& clock,
                     LogSink& log, Counters& counters)
    : options_(options),
      targets_(targets),
      on_full_(std::move(on_full)),
      clock_(clock),
      log_(log),
      samples_stored_(counters.Get("ora_storage_samples_stored_total")),
      samples_too_old_(counters.Get("ora_storage_samples_too_old_total")),
      samples_too_new_(counters.Get("ora_storage_samples_too_new_total")),
      batches_repeated_(counters.Get("ora_storage_batches_repeated_total")),
      batches_refused_(counters.Get("ora_storage_batches_refused_total")),
      commits_(counters.Get("ora_storage_commits_total")),
      log_number_next_(log_number_next),
      thread_([this] { Run(); }) {}

Committer::~Committer() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

absl::Status Committer::Enqueue(WriteBatch batch, WriteDone done) {
  if (absl::Status shape = CheckShape(batch); !shape.ok()) return shape;
  const size_t bytes = BytesOf(batch);
  if (bytes > kGroupBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("batch of ", batch.instance, " takes ", bytes,
                                                   " bytes, at most ", kGroupBytesMax,
                                                   " are allowed; send it in parts"));
  }
  const SenderMarks::Ticket ticket = targets_.marks.Enter(batch.instance, batch.sender);
  absl::Status room;
  {
    absl::MutexLock lock(&mutex_);
    room = CheckQueueRoom(bytes);
    if (room.ok()) {
      ++batches_held_;
      bytes_held_ += bytes;
      bytes_queued_ += bytes;
      queue_.push_back({std::move(batch), std::move(done), ticket, bytes});
    }
  }
  if (room.ok()) return room;
  batches_refused_.Increment();
  targets_.marks.Refuse(ticket);
  return room;
}

absl::Status Committer::CheckQueueRoom(size_t bytes) const {
  if (batches_held_ < options_.queue_batches_max &&
      bytes_held_ + bytes <= options_.queue_bytes_max) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "store's queue is full: ", batches_held_, " of ", options_.queue_batches_max, " batches and ",
      bytes_held_, " of ", options_.queue_bytes_max, " bytes wait for the disk; send again later"));
}

Committer::WritePause::WritePause(Committer& committer) : committer_(committer) {
  absl::MutexLock lock(&committer_.mutex_);
  ++committer_.pauses_;
  const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(committer_.mutex_) {
    return !committer_.committing_;
  };
  committer_.clock_.Await(committer_.mutex_, absl::Condition(&idle), absl::InfiniteDuration());
}

Committer::WritePause::~WritePause() {
  absl::MutexLock lock(&committer_.mutex_);
  --committer_.pauses_;
}

void Committer::WritePause::Forget(absl::Span<const SeriesId> ids) {
  for (const SeriesId id : ids) {
    if (id < committer_.known_durable_.size()) committer_.known_durable_[id] = false;
  }
}

std::string Committer::Refusal() {
  bool refused = false;
  {
    absl::MutexLock lock(&mutex_);
    refused = !refusal_.ok();
  }
  absl::Status accepted = refused ? CheckRoom() : absl::OkStatus();
  // What is written out in the background may meet an error that no write has met yet.
  if (accepted.ok()) accepted = targets_.database.AcceptWrites();
  SetRefusal(accepted);
  return std::string(accepted.message());
}

void Committer::SetRefusal(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (refusal_.ok() != status.ok()) {
    log_.Warning(status.ok() ? "storage: writes are accepted again"
                             : absl::StrCat("storage: writes are refused: ", status.message()));
  }
  refusal_ = status;
}

void Committer::Run() {
  for (;;) {
    std::vector<Pending> group = TakeGroup();
    if (group.empty()) return;
    Commit(group);
  }
}

bool Committer::GroupIsFull() const {
  return queue_.size() >= kGatherBatches || bytes_queued_ >= kGatherBytes;
}

std::vector<Committer::Pending> Committer::TakeGroup() {
  absl::MutexLock lock(&mutex_);
  const auto work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return pauses_ == 0 && (stopping_ || !queue_.empty());
  };
  clock_.Await(mutex_, absl::Condition(&work), absl::InfiniteDuration());
  if (options_.commit_gather > absl::ZeroDuration()) {
    const auto full = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || GroupIsFull();
    };
    clock_.Await(mutex_, absl::Condition(&full), options_.commit_gather);
    clock_.Await(mutex_, absl::Condition(&work), absl::InfiniteDuration());
  }
  std::vector<Pending> group;
  size_t bytes = 0;
  while (!queue_.empty() && (group.empty() || bytes + queue_.front().bytes <= kGroupBytesMax)) {
    bytes += queue_.front().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  bytes_queued_ -= bytes;
  committing_ = !group.empty();
  return group;
}

absl::Status Committer::CheckRoom() {
  if (absl::Status space = targets_.space.Check(); !space.ok()) return space;
  const uint64_t open = targets_.open.bytes();
  const uint64_t open_max =
      std::min(options_.open_bytes_max, kOpenBytesMax / kOpenBytesFactorMax) * kOpenBytesFactorMax;
  if (open < open_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("store has ", open, " bytes of samples that are not sealed, at most ", open_max,
                   " are allowed; it accepts more once sealing has caught up"));
}

void Committer::Commit(std::vector<Pending>& pending) {
  absl::Status status = Store(pending);
  if (absl::IsDataLoss(status)) status = absl::UnavailableError(status.message());
  if (!status.ok()) targets_.marks.Drop();
  for (Pending& one : pending) {
    if (!status.ok()) one.outcome = status;
    if (!one.outcome.ok()) targets_.marks.Refuse(one.ticket);
  }
  Finish(pending);
}

absl::Status Committer::Store(std::vector<Pending>& pending) {
  if (absl::Status room = CheckRoom(); !room.ok()) {
    SetRefusal(room);
    return room;
  }
  const absl::Time now = clock_.Now();
  const absl::Duration late = std::min(options_.out_of_order_window, options_.retention.raw);
  const WriteWindow window{
      std::max(kTimeMillisMin, absl::ToUnixMillis(now - late)),
      std::min(kTimeMillisMax, absl::ToUnixMillis(now + options_.future_window))};
  Group group(targets_.database);
  for (Pending& one : pending) {
    one.outcome = Prepare(one, window, group);
    // At once, so that what follows it in the group does not overtake it.
    if (!one.outcome.ok()) targets_.marks.Refuse(one.ticket);
  }
  const absl::Span<const BatchMark> marks = targets_.marks.staged();
  // Nothing was tried, so nothing is known of the disk.
  if (group.batches.empty() && marks.empty()) return absl::OkStatus();
  const BatchRecord record = encoder_.Encode(marks, group.batches);
  group.changes.Put(Family::kBatches, BatchKey{log_number_next_}.Encode(), record.bytes());
  if (!group.new_series.empty()) PutSeriesIdNext(group.changes, targets_.index.IdNext());
  absl::Status written = targets_.database.Write(std::move(group.changes), Durability::kSynced);
  SetRefusal(written);
  if (written.ok()) Publish(group, record);
  return written;
}

absl::StatusOr<WriteOutcome> Committer::Prepare(Pending& pending, const WriteWindow& window,
                                                Group& group) {
  WriteOutcome outcome;
  const absl::StatusOr<SenderMarks::Verdict> verdict = targets_.marks.Judge(pending.ticket);
  if (!verdict.ok()) return verdict.status();
  outcome.repeat = *verdict == SenderMarks::Verdict::kRepeat;
  if (outcome.repeat) return outcome;
  WriteBatch& batch = pending.batch;
  window.Apply(batch.blocks, outcome);
  if (absl::Status added = AddNewSeries(batch, group); !added.ok()) return added;
  if (!batch.blocks.empty()) group.batches.push_back(&batch.blocks);
  targets_.marks.Stage(pending.ticket);
  return outcome;
}

absl::Status Committer::CheckAllotted(const WriteBatch& batch, SeriesRef ref) const {
  const auto id = static_cast<SeriesId>(ref);
  if (ref == 0 || ref >= targets_.index.IdNext()) {
    return absl::InvalidArgumentError(absl::StrCat("batch of ", batch.instance, " names series ",
                                                   ref, ", which was never interned"));
  }
  if (targets_.index.IsAllotted(id)) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("batch of ", batch.instance, " names series ", ref,
                                             ", which is forgotten; define the series again"));
}

absl::Status Committer::AddNewSeries(const WriteBatch& batch, Group& group) {
  std::vector<SeriesId> added;
  for (const WriteBlock& block : batch.blocks) {
    for (const SeriesRef ref : block.series) {
      if (IsKnownDurable(ref)) continue;
      if (absl::Status allotted = CheckAllotted(batch, ref); !allotted.ok()) return allotted;
      const auto id = static_cast<SeriesId>(ref);
      if (!group.new_series_set.contains(id)) added.push_back(id);
    }
  }
  for (const SeriesId id : added) {
    if (targets_.index.IsPublished(id)) {
      SetKnownDurable(id);
      continue;
    }
    if (!group.new_series_set.insert(id).second) continue;
    group.new_series.push_back(id);
    group.changes.Put(Family::kSeries, SeriesKey{targets_.index.SlotOfSeries(id), id}.Encode(),
                      EncodeSeriesRecord(targets_.index.LabelsOf(id)));
  }
  return absl::OkStatus();
}

void Committer::SetKnownDurable(SeriesId id) {
  if (id >= known_durable_.size()) known_durable_.resize(id + 1);
  known_durable_[id] = true;
}

void Committer::Publish(const Group& group, const BatchRecord& record) {
  commits_.Increment();
  targets_.index.Publish(group.new_series);
  for (const SeriesId id : group.new_series) SetKnownDurable(id);
  targets_.open.Apply(log_number_next_++, record, targets_.marks.staged_senders());
  targets_.marks.Commit();
  if (targets_.open.bytes() >= options_.open_bytes_max) on_full_();
}

void Committer::Finish(std::vector<Pending>& pending) {
  uint64_t bytes = 0;
  WriteOutcome sum;
  for (const Pending& one : pending) {
    bytes += one.bytes;
    if (!one.outcome.ok()) {
      batches_refused_.Increment();
      continue;
    }
    sum.samples_stored += one.outcome->samples_stored;
    sum.samples_too_old += one.outcome->samples_too_old;
    sum.samples_too_new += one.outcome->samples_too_new;
    if (one.outcome->repeat) batches_repeated_.Increment();
  }
  samples_stored_.Add(sum.samples_stored);
  samples_stored_total_.fetch_add(sum.samples_stored);
  samples_too_old_.Add(sum.samples_too_old);
  samples_too_new_.Add(sum.samples_too_new);
  {
    absl::MutexLock lock(&mutex_);
    batches_held_ -= pending.size();
    bytes_held_ -= bytes;
    committing_ = false;
  }
  for (const Pending& one : pending) one.done(one.outcome);
}

}  // namespace ora::storage
