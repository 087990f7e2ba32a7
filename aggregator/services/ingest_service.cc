#include "aggregator/services/ingest_service.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/ingest/rejections.h"
#include "proto/status/grpc_status.h"

namespace ora::aggregator {
namespace {

// Looks at silent streams this many times in a silence limit.
constexpr int kLooksPerLimit = 6;

absl::Status StoppingError() {
  return absl::UnavailableError("aggregator is stopping; keep the batch and come again");
}

// A stream that is refused at once.
class RefusedStream final : public grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse> {
 public:
  explicit RefusedStream(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

// One stream: one read and one write in flight; acknowledgements that wait for the write before
// them become one, so what waits is bounded. Deletes itself when gRPC is done with it.
class StreamCall final : public grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse>,
                         public IngestReplies {
 public:
  explicit StreamCall(IngestService& service)
      : service_(service), heard_nanos_(absl::ToInt64Nanoseconds(service.clock_.Monotonic())) {}

  absl::Status Open() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::StatusOr<std::unique_ptr<IngestSession>> session = service_.ingest_.Open(*this);
    if (!session.ok()) return session.status();
    session_ = *std::move(session);
    absl::MutexLock lock(&mutex_);
    StartRead(&request_);
    return absl::OkStatus();
  }

  absl::Duration heard() const {
    return absl::Nanoseconds(heard_nanos_.load(std::memory_order_relaxed));
  }

  void Reply(v1::StreamResponse response) override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    if (response.has_ack() && !waiting_.empty() && waiting_.back().has_ack()) {
      MergeAck(*waiting_.back().mutable_ack(), response.ack());
    } else {
      waiting_.push_back(std::move(response));
    }
    if (!writing_) WriteNext();
  }

  void End(const absl::Status& status) override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    EndLocked(status);
  }

 private:
  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_) {
    if (!ok) {  // The collector has said all, or is gone.
      End(absl::OkStatus());
      return;
    }
    heard_nanos_.store(absl::ToInt64Nanoseconds(service_.clock_.Monotonic()),
                       std::memory_order_relaxed);
    session_->Receive(request_);
    absl::MutexLock lock(&mutex_);
    if (!ended_) StartRead(&request_);
  }

  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) EndLocked(absl::CancelledError("stream: the collector is gone"));
    if (ended_) {
      FinishOnce();
    } else if (!waiting_.empty()) {
      WriteNext();
    }
  }

  void OnDone() override {
    session_->Close();
    service_.Remove(this);
    delete this;
  }

  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writing_ = true;
    response_ = std::move(waiting_.front());
    waiting_.pop_front();
    StartWrite(&response_);
  }

  // Waits for the write in flight, whose buffer is ours.
  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ended_) return;
    ended_ = true;
    end_ = status;
    waiting_.clear();
    if (!writing_) FinishOnce();
  }

  void FinishOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    finished_ = true;
    Finish(ToGrpc(end_));
  }

  IngestService& service_;
  std::unique_ptr<IngestSession> session_;
  v1::StreamRequest request_;
  std::atomic<int64_t> heard_nanos_;  // Monotonic, when the last message came.

  absl::Mutex mutex_;  // Held across Start* and Finish, which call nothing back on this thread.
  std::deque<v1::StreamResponse> waiting_ ABSL_GUARDED_BY(mutex_);
  v1::StreamResponse response_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
};

IngestService::IngestService(Ingest& ingest, storage::Clock& clock, absl::Duration silence_limit)
    : ingest_(ingest), clock_(clock), silence_limit_(silence_limit) {
  watch_ = std::thread([this] { Watch(); });
}

IngestService::~IngestService() {
  EndStreams();
  watch_.join();
}

grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse>* IngestService::Stream(
    grpc::CallbackServerContext*) {
  auto call = std::make_unique<StreamCall>(*this);
  absl::MutexLock lock(&mutex_);
  if (stopping_) return new RefusedStream(StoppingError());
  const absl::Status status = call->Open();
  if (!status.ok()) return new RefusedStream(status);
  calls_.insert(call.get());
  return call.release();
}

void IngestService::EndStreams() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
  for (StreamCall* call : calls_) call->End(StoppingError());
}

void IngestService::Remove(StreamCall* call) {
  absl::MutexLock lock(&mutex_);
  calls_.erase(call);
}

void IngestService::EndSilent() {
  const absl::Duration now = clock_.Monotonic();
  for (StreamCall* call : calls_) {
    if (now - call->heard() < silence_limit_) continue;
    call->End(absl::UnavailableError(absl::StrCat("stream: nothing was received for ",
                                                  absl::FormatDuration(silence_limit_),
                                                  "; send heartbeats, or come again")));
  }
}

void IngestService::Watch() {
  absl::MutexLock lock(&mutex_);
  while (!clock_.Await(mutex_, absl::Condition(&stopping_), silence_limit_ / kLooksPerLimit)) {
    EndSilent();
  }
}

}  // namespace ora::aggregator
