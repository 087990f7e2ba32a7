#include "aggregator/ingest/batch_line.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace ora::aggregator {
namespace {

// A collector keeps its batch and comes again after either of these two.
absl::Status WriteError(uint64_t sequence, const absl::Status& status) {
  const std::string message = absl::StrCat("batch ", sequence, ": ", status.message());
  return absl::IsResourceExhausted(status) ? absl::ResourceExhaustedError(message)
                                           : absl::UnavailableError(message);
}

}  // namespace

IngestCounters::IngestCounters(storage::Counters& counters)
    : batches(counters.Get("ora_ingest_batches_total")),
      repeats(counters.Get("ora_ingest_repeated_batches_total")),
      samples(counters.Get("ora_ingest_samples_total")),
      samples_rejected(counters.Get("ora_ingest_samples_rejected_total")),
      write_errors(counters.Get("ora_ingest_write_errors_total")),
      streams(counters.Get("ora_ingest_streams_total")),
      streams_refused(counters.Get("ora_ingest_streams_refused_total")),
      streams_failed(counters.Get("ora_ingest_streams_failed_total")) {}

void BatchLine::SetStream(std::shared_ptr<HostStream> stream) {
  absl::MutexLock lock(&mutex_);
  stream_ = std::move(stream);
}

void BatchLine::Append(CheckedBatch checked) {
  {
    absl::MutexLock lock(&mutex_);
    if (ended()) return;
    outstanding_bytes_.fetch_add(checked.bytes, std::memory_order_relaxed);
    waiting_.push_back(std::move(checked));
  }
  HandOver();
}

void BatchLine::HandOver() {
  {
    absl::MutexLock lock(&mutex_);
    if (handing_over_) return;
    handing_over_ = true;
  }
  // Without the lock: a writer may answer at once.
  while (absl::optional<storage::WriteBatch> batch = TakeNext()) {
    const uint64_t sequence = batch->sender.sequence;
    const absl::Status status = writer_.Write(
        *std::move(batch),
        [line = shared_from_this()](const absl::StatusOr<storage::WriteOutcome>& outcome) {
          line->Written(outcome);
        });
    if (status.ok()) continue;
    counters_.write_errors.Increment();
    share_->Remove();
    absl::MutexLock lock(&mutex_);
    pending_.pop_back();
    EndLocked(WriteError(sequence, status));
  }
}

absl::optional<storage::WriteBatch> BatchLine::TakeNext() {
  absl::MutexLock lock(&mutex_);
  const bool room = pending_.empty() || share_->HasRoom();
  if (waiting_.empty() || !room) {
    handing_over_ = false;
    return absl::nullopt;
  }
  CheckedBatch next = std::move(waiting_.front());
  waiting_.pop_front();
  share_->Add();
  pending_.push_back({next.batch.sender.sequence, next.batches, next.bytes, next.skew,
                      std::move(next.rejections)});
  return std::move(next.batch);
}

void BatchLine::Reply(v1::StreamResponse response) {
  absl::MutexLock lock(&mutex_);
  if (replies_ != nullptr) replies_->Reply(std::move(response));
}

void BatchLine::End(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  EndLocked(status);
}

void BatchLine::Close() {
  absl::MutexLock lock(&mutex_);
  if (fleet_ != nullptr && stream_ != nullptr) fleet_->Disconnected(*stream_);
  ended_ = true;
  replies_ = nullptr;
  fleet_ = nullptr;
  waiting_.clear();
}

void BatchLine::Written(const absl::StatusOr<storage::WriteOutcome>& outcome) {
  share_->Remove();
  {
    absl::MutexLock lock(&mutex_);
    Pending pending = std::move(pending_.front());
    pending_.pop_front();
    outstanding_bytes_.fetch_sub(pending.bytes, std::memory_order_relaxed);
    if (outcome.ok()) {
      Acknowledge(pending, *outcome);
    } else {
      counters_.write_errors.Increment();
      EndLocked(WriteError(pending.sequence, outcome.status()));
    }
    if (waiting_.empty()) return;
  }
  HandOver();
}

void BatchLine::Acknowledge(Pending& pending, const storage::WriteOutcome& outcome) {
  v1::StreamResponse response;
  response.mutable_ack()->set_sequence(pending.sequence);
  if (outcome.repeat) {
    counters_.repeats.Add(pending.batches);
  } else {
    pending.rejections.AddOutcome(outcome);
    const uint64_t rejected = pending.rejections.total();
    pending.rejections.FillAck(*response.mutable_ack());
    counters_.batches.Add(pending.batches);
    counters_.samples.Add(outcome.samples_stored);
    counters_.samples_rejected.Add(rejected);
    // Not after Close: what the fleet tells the time by may be gone.
    if (fleet_ != nullptr) {
      stream_->BatchStored({pending.sequence, outcome.samples_stored, rejected, pending.skew});
    }
  }
  if (replies_ != nullptr) replies_->Reply(std::move(response));
}

void BatchLine::EndLocked(const absl::Status& status) {
  if (replies_ == nullptr) return;
  counters_.streams_failed.Increment();
  replies_->End(status);
  replies_ = nullptr;
  ended_ = true;
  waiting_.clear();
}

}  // namespace ora::aggregator
