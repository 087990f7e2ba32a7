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

void BatchLine::SetStream(std::string instance, StreamNumber stream) {
  absl::MutexLock lock(&mutex_);
  instance_ = std::move(instance);
  stream_ = stream;
}

void BatchLine::Append(QueuedBatch batch) {
  {
    absl::MutexLock lock(&mutex_);
    if (replies_ == nullptr) return;
    outstanding_bytes_ += batch.bytes;
    queue_.push_back(std::move(batch));
  }
  WriteNext();
}

uint64_t BatchLine::outstanding_bytes() const {
  absl::MutexLock lock(&mutex_);
  return outstanding_bytes_;
}

void BatchLine::Reply(v1::StreamResponse response) {
  absl::MutexLock lock(&mutex_);
  if (replies_ != nullptr) replies_->Reply(std::move(response));
}

void BatchLine::End(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  EndLocked(status);
}

bool BatchLine::ended() const {
  absl::MutexLock lock(&mutex_);
  return replies_ == nullptr;
}

void BatchLine::Close() {
  absl::MutexLock lock(&mutex_);
  if (fleet_ != nullptr && stream_ != 0) fleet_->Disconnected(instance_, stream_);
  replies_ = nullptr;
  fleet_ = nullptr;
  queue_.clear();
}

void BatchLine::WriteNext() {
  storage::WriteBatch batch;
  uint64_t sequence = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (writing_ || queue_.empty() || replies_ == nullptr) return;
    writing_ = true;
    current_ = std::move(queue_.front());
    queue_.pop_front();
    sequence = current_.batch.sender.sequence;
    batch = std::move(current_.batch);
    current_.batch.sender.sequence = sequence;
  }
  const absl::Status status = writer_.Write(
      std::move(batch),
      [line = shared_from_this()](const absl::StatusOr<storage::WriteOutcome>& outcome) {
        line->Written(outcome);
      });
  if (status.ok()) return;
  counters_.write_errors.Increment();
  End(WriteError(sequence, status));
}

void BatchLine::Written(const absl::StatusOr<storage::WriteOutcome>& outcome) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (outcome.ok()) {
      Acknowledge(*outcome);
    } else {
      counters_.write_errors.Increment();
      EndLocked(WriteError(current_.batch.sender.sequence, outcome.status()));
    }
  }
  WriteNext();
}

void BatchLine::Acknowledge(const storage::WriteOutcome& outcome) {
  const uint64_t sequence = current_.batch.sender.sequence;
  outstanding_bytes_ -= current_.bytes;
  v1::StreamResponse response;
  response.mutable_ack()->set_sequence(sequence);
  if (outcome.repeat) {
    counters_.repeats.Increment();
  } else {
    current_.rejections.AddOutcome(outcome);
    const uint64_t rejected = current_.rejections.total();
    current_.rejections.FillAck(*response.mutable_ack());
    counters_.batches.Increment();
    counters_.samples.Add(outcome.samples_stored);
    counters_.samples_rejected.Add(rejected);
    if (fleet_ != nullptr) {
      fleet_->BatchStored(instance_, stream_, sequence, outcome.samples_stored, rejected,
                          current_.skew);
    }
  }
  if (replies_ != nullptr) replies_->Reply(std::move(response));
}

void BatchLine::EndLocked(const absl::Status& status) {
  if (replies_ == nullptr) return;
  counters_.streams_failed.Increment();
  replies_->End(status);
  replies_ = nullptr;
  queue_.clear();
}

}  // namespace ora::aggregator
