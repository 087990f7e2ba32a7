#include "collector/ship/ingest_stream.h"

#include <utility>

#include "absl/time/time.h"

namespace ora::collector {

IngestStream::IngestStream(v1::IngestService::Stub& stub, storage::Clock& clock,
                           std::function<void()> wake)
    : clock_(clock), wake_(std::move(wake)) {
  stub.async()->Stream(&context_, this);
  AddHold();  // Writes begin outside of reactions: without it OnDone might overtake one.
  StartRead(&response_);
  StartCall();
}

IngestStream::~IngestStream() { Close(); }

bool IngestStream::writable() const {
  absl::MutexLock lock(&mutex_);
  return !writing_ && !broken_;
}

bool IngestStream::broken() const {
  absl::MutexLock lock(&mutex_);
  return broken_;
}

void IngestStream::Write(v1::StreamRequest request) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = true;
  }
  request_ = std::move(request);
  StartWrite(&request_);
}

absl::optional<v1::StreamResponse> IngestStream::TakeResponse() {
  absl::MutexLock lock(&mutex_);
  if (responses_.empty()) return absl::nullopt;
  v1::StreamResponse response = std::move(responses_.front());
  responses_.pop_front();
  return response;
}

grpc::Status IngestStream::Close() {
  // A call that the aggregator has ended keeps the aggregator's status: it is not cancelled.
  if (!closing_) {
    closing_ = true;
    if (!broken()) context_.TryCancel();
    RemoveHold();
  }
  absl::MutexLock lock(&mutex_);
  const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return status_.has_value(); };
  clock_.Await(mutex_, absl::Condition(&done), absl::InfiniteDuration());
  return *status_;
}

void IngestStream::OnWriteDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) broken_ = true;
  }
  wake_();
}

void IngestStream::OnReadDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    if (ok) {
      responses_.push_back(std::move(response_));
    } else {
      broken_ = true;
    }
  }
  if (ok) {
    response_.Clear();
    StartRead(&response_);
  }
  wake_();
}

void IngestStream::OnDone(const grpc::Status& status) {
  // Nothing after the unlock: the owner may be gone by then.
  absl::MutexLock lock(&mutex_);
  status_ = status;
}

}  // namespace ora::collector
