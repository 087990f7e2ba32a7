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

// One write of RocksDB; more waits for the next, so that the first need not wait for the last.
constexpr size_t kGroupBytesMax = 16 << 20;
// When sealing does not keep up, writes are refused before memory is gone.
constexpr uint64_t kOpenBytesFactorMax = 2;

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

std::string MarkKeyOf(const WriteBatch& batch) {
  return MarkKey{SlotOf(batch.instance), batch.sender.collector_id, batch.sender.incarnation}
      .Encode();
}

bool IsMarked(const WriteBatch& batch) { return !batch.sender.collector_id.empty(); }

absl::Status CheckShape(const WriteBatch& batch) {
  if (IsMarked(batch) && batch.sender.sequence == 0) {
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
  bool empty = true;
  uint64_t log_number_next = 0;
  std::vector<OpenChunks::Logged> logged;
  std::vector<SeriesId> new_series;
  absl::flat_hash_set<SeriesId> new_series_set;
  absl::flat_hash_map<std::string, uint64_t> marks;
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
  absl::MutexLock lock(&mutex_);
  if (batches_held_ >= options_.queue_batches_max ||
      bytes_held_ + bytes > options_.queue_bytes_max) {
    batches_refused_.Increment();
    return absl::ResourceExhaustedError(
        absl::StrCat("store's queue is full: ", batches_held_, " of ", options_.queue_batches_max,
                     " batches and ", bytes_held_, " of ", options_.queue_bytes_max,
                     " bytes wait for the disk; send again later"));
  }
  ++batches_held_;
  bytes_held_ += bytes;
  queue_.push_back({std::move(batch), std::move(done), bytes});
  return absl::OkStatus();
}

std::string Committer::Refusal() const {
  absl::MutexLock lock(&mutex_);
  return refusal_;
}

void Committer::Run() {
  for (;;) {
    std::vector<Pending> group = TakeGroup();
    if (group.empty()) return;
    Commit(group);
  }
}

std::vector<Committer::Pending> Committer::TakeGroup() {
  absl::MutexLock lock(&mutex_);
  const auto work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  };
  clock_.Await(mutex_, absl::Condition(&work), absl::InfiniteDuration());
  std::vector<Pending> group;
  size_t bytes = 0;
  while (!queue_.empty() && (group.empty() || bytes + queue_.front().bytes <= kGroupBytesMax)) {
    bytes += queue_.front().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return group;
}

absl::Status Committer::CheckRoom() {
  if (absl::Status space = targets_.space.Check(); !space.ok()) return space;
  const uint64_t open = targets_.open.bytes();
  const uint64_t open_max = options_.open_bytes_max * kOpenBytesFactorMax;
  if (open < open_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("store has ", open, " bytes of samples that are not sealed, at most ", open_max,
                   " are allowed; it accepts more once sealing has caught up"));
}

void Committer::Commit(std::vector<Pending>& pending) {
  absl::Status status = CheckRoom();
  if (status.ok()) {
    const absl::Time now = clock_.Now();
    const absl::Duration late = std::min(options_.out_of_order_window, options_.retention.raw);
    const WriteWindow window{
        std::max(kTimeMillisMin, absl::ToUnixMillis(now - late)),
        std::min(kTimeMillisMax, absl::ToUnixMillis(now + options_.future_window))};
    Group group(targets_.database);
    group.log_number_next = log_number_next_;
    for (Pending& one : pending) Prepare(one, window, group);
    for (const auto& [key, sequence] : group.marks) {
      SenderMarks::Put(group.changes, key, sequence);
    }
    if (!group.empty)
      status = targets_.database.Write(std::move(group.changes), Durability::kSynced);
    if (status.ok()) Publish(group);
  }
  if (absl::IsDataLoss(status)) status = absl::UnavailableError(status.message());
  if (!status.ok()) {
    for (Pending& one : pending) {
      one.outcome = status;
      if (IsMarked(one.batch)) {
        targets_.marks.Refuse(MarkKeyOf(one.batch), one.batch.sender.sequence);
      }
    }
  }
  Finish(pending, status.message());
}

void Committer::Prepare(Pending& pending, const WriteWindow& window, Group& group) {
  WriteBatch& batch = pending.batch;
  WriteOutcome& outcome = *pending.outcome;
  const bool marked = IsMarked(batch);
  std::string mark;
  if (marked) {
    mark = MarkKeyOf(batch);
    const auto in_group = group.marks.find(mark);
    const uint64_t durable =
        in_group != group.marks.end() ? in_group->second : targets_.marks.Get(mark);
    outcome.repeat = batch.sender.sequence <= durable;
    if (outcome.repeat) return;
    if (absl::Status order = targets_.marks.CheckOrder(mark, batch.sender.sequence); !order.ok()) {
      pending.outcome = order;
      return;
    }
  }
  window.Apply(batch.blocks, outcome);
  if (absl::Status added = AddNewSeries(batch, group); !added.ok()) {
    pending.outcome = added;
    return;
  }
  if (!batch.blocks.empty()) {
    const uint64_t log_number = group.log_number_next++;
    group.changes.Put(Family::kBatches, BatchKey{log_number}.Encode(),
                      EncodeBatchRecord(batch.blocks));
    group.logged.push_back({log_number, &batch.blocks});
    group.empty = false;
  }
  if (marked) {
    group.marks[std::move(mark)] = batch.sender.sequence;
    group.empty = false;
  }
}

absl::Status Committer::AddNewSeries(const WriteBatch& batch, Group& group) {
  std::vector<SeriesId> added;
  for (const WriteBlock& block : batch.blocks) {
    for (const SeriesRef ref : block.series) {
      if (ref < known_durable_.size() && known_durable_[ref]) continue;
      const auto id = static_cast<SeriesId>(ref);
      if (ref != id || !targets_.index.IsAllotted(id)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "batch of ", batch.instance, " names series ", ref, ", which was never interned"));
      }
      if (!group.new_series_set.contains(id)) added.push_back(id);
    }
  }
  for (const SeriesId id : added) {
    if (targets_.index.IsPublished(id)) {
      if (id >= known_durable_.size()) known_durable_.resize(id + 1);
      known_durable_[id] = true;
      continue;
    }
    if (!group.new_series_set.insert(id).second) continue;
    group.new_series.push_back(id);
    group.changes.Put(Family::kSeries, SeriesKey{targets_.index.SlotOfSeries(id), id}.Encode(),
                      EncodeSeriesRecord(targets_.index.LabelsOf(id)));
  }
  return absl::OkStatus();
}

void Committer::Publish(const Group& group) {
  commits_.Increment();
  log_number_next_ = group.log_number_next;
  targets_.index.Publish(group.new_series);
  for (const SeriesId id : group.new_series) {
    if (id >= known_durable_.size()) known_durable_.resize(id + 1);
    known_durable_[id] = true;
  }
  targets_.open.Apply(group.logged);
  targets_.marks.Set(group.marks);
  if (targets_.open.bytes() >= options_.open_bytes_max) on_full_();
}

void Committer::Finish(std::vector<Pending>& pending, absl::string_view refusal) {
  uint64_t bytes = 0;
  for (const Pending& one : pending) {
    bytes += one.bytes;
    if (!one.outcome.ok()) {
      batches_refused_.Increment();
      continue;
    }
    samples_stored_.Add(one.outcome->samples_stored);
    samples_stored_total_.fetch_add(one.outcome->samples_stored);
    samples_too_old_.Add(one.outcome->samples_too_old);
    samples_too_new_.Add(one.outcome->samples_too_new);
    if (one.outcome->repeat) batches_repeated_.Increment();
  }
  {
    absl::MutexLock lock(&mutex_);
    batches_held_ -= pending.size();
    bytes_held_ -= bytes;
    if (refusal_.empty() != refusal.empty()) {
      log_.Warning(refusal.empty() ? "storage: writes are accepted again"
                                   : absl::StrCat("storage: writes are refused: ", refusal));
    }
    refusal_ = std::string(refusal);
  }
  for (const Pending& one : pending) one.done(one.outcome);
}

}  // namespace ora::storage
