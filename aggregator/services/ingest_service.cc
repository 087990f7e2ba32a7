#include "aggregator/services/ingest_service.h"

#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/ingest/rejections.h"
#include "aggregator/server/message_bytes.h"

namespace ora::aggregator {
namespace {

// Looks at silent streams this many times in a silence limit.
constexpr int kLooksPerLimit = 6;
constexpr size_t kRequestBytesKept = 64 << 10;
// A stream that sends more seldom than this is read again with the acknowledgement.
constexpr absl::Duration kQuietStream = absl::Milliseconds(100);

absl::Status StoppingError() {
  return absl::UnavailableError("aggregator is stopping; keep the batch and come again");
}

// A stream that is refused at once.
class RefusedStream final : public Call {
 public:
  RefusedStream(CallTransport& transport, const absl::Status& status) { transport.Finish(status); }

 private:
  void Received(grpc::ByteBuffer&) override {}
  void ReceivedAll() override {}
  void Sent(SendResult) override {}
};

}  // namespace

// One stream: one read and one write in flight; acknowledgements that wait for the write before
// them, or for the loop, become one, so what waits is bounded. All but what is said otherwise runs
// on the loop's thread.
//
// To ask gRPC for the next message of a stream that has been read to its end costs a packet that
// opens the peer's window again. Asked for after an acknowledgement the window goes with that. So
// a quiet stream, which has nothing more to say yet, is read then.
class StreamCall final : public Call, public IngestReplies, public CallLoop::Posted {
 public:
  StreamCall(CallTransport& transport, CallLoop& loop, IngestService& service)
      : transport_(transport),
        loop_(loop),
        service_(service),
        heard_nanos_(absl::ToInt64Nanoseconds(service.clock_.Monotonic())) {}

  // Nobody replies, or ends the stream, once the session is closed and the service has forgotten.
  ~StreamCall() override {
    if (session_ == nullptr) return;
    session_->Close();
    service_.Remove(this);
    loop_.Withdraw(*this);
  }

  absl::Status Open() {
    absl::StatusOr<std::unique_ptr<IngestSession>> session = service_.ingest_.Open(*this);
    if (!session.ok()) return session.status();
    session_ = *std::move(session);
    transport_.Read();
    return absl::OkStatus();
  }

  // From any thread.
  absl::Duration heard() const {
    return absl::Nanoseconds(heard_nanos_.load(std::memory_order_relaxed));
  }

  // From any thread.
  void Reply(v1::StreamResponse response) override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    if (response.has_ack() && !waiting_.empty() && waiting_.back().has_ack()) {
      MergeAck(*waiting_.back().mutable_ack(), response.ack());
    } else {
      waiting_.push_back(std::move(response));
    }
    Post();
  }

  // From any thread.
  void End(const absl::Status& status) override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    ended_ = true;
    end_ = status;
    waiting_.clear();
    Post();
  }

  void RunOnLoop() override ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      posted_ = false;
    }
    SendNext();
  }

 private:
  void Received(grpc::ByteBuffer& message) override {
    loop_.AllowRest();
    const absl::Duration now = service_.clock_.Monotonic();
    const bool quiet = now - heard() > kQuietStream;
    heard_nanos_.store(absl::ToInt64Nanoseconds(now), std::memory_order_relaxed);
    if (absl::Status status = FromBytes(message, service_.request()); !status.ok()) {
      End(status);
      return;
    }
    session_->Receive(service_.request());
    service_.TrimRequest();
    if (ended()) return;
    read_is_due_ = quiet && session_->AwaitsStore();
    if (!read_is_due_) transport_.Read();
  }

  // The collector has said all, or is gone.
  void ReceivedAll() override { End(absl::OkStatus()); }

  void Sent(SendResult result) override {
    writing_ = false;
    if (result == SendResult::kCallerGone) End(absl::CancelledError("stream: it is gone"));
    SendNext();
  }

  bool ended() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return ended_;
  }

  // The next answer, or the end, unless an answer is on its way.
  void SendNext() ABSL_LOCKS_EXCLUDED(mutex_) {
    if (writing_ || finished_) return;
    v1::StreamResponse response;
    {
      absl::MutexLock lock(&mutex_);
      if (!ended_ && waiting_.empty()) return;
      finished_ = ended_;
      if (!ended_) {
        response = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
      }
    }
    if (!finished_) {
      const absl::StatusOr<grpc::ByteBuffer> bytes = ToBytes(response);
      if (bytes.ok()) {
        writing_ = true;
        transport_.Write(*bytes);
        if (std::exchange(read_is_due_, false)) transport_.Read();
        return;
      }
      finished_ = true;
      End(bytes.status());
    }
    absl::MutexLock lock(&mutex_);
    transport_.Finish(end_);
  }

  void Post() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (posted_) return;
    posted_ = true;
    loop_.Post(*this);
  }

  CallTransport& transport_;
  CallLoop& loop_;
  IngestService& service_;
  std::unique_ptr<IngestSession> session_;
  std::atomic<int64_t> heard_nanos_;  // Monotonic, when the last message came.
  // Of the loop's thread.
  bool writing_ = false;
  bool finished_ = false;
  bool read_is_due_ = false;  // After the next write.

  mutable absl::Mutex mutex_;
  std::vector<v1::StreamResponse> waiting_ ABSL_GUARDED_BY(mutex_);  // At most a welcome, an ack.
  bool posted_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
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

void IngestService::AddTo(MethodTable& methods, CallLoop& loop) {
  methods.Add("ora.v1.IngestService", "Stream",
              [this, &loop](CallTransport& transport) { return Stream(transport, loop); });
}

std::unique_ptr<Call> IngestService::Stream(CallTransport& transport, CallLoop& loop) {
  auto call = std::make_unique<StreamCall>(transport, loop, *this);
  {
    absl::MutexLock lock(&mutex_);
    absl::Status status = stopping_ ? StoppingError() : call->Open();
    if (status.ok()) {
      calls_.insert(call.get());
      return call;
    }
    return std::make_unique<RefusedStream>(transport, status);
  }
}

void IngestService::TrimRequest() {
  if (request_.ByteSizeLong() <= kRequestBytesKept) return;
  request_ = v1::StreamRequest();
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
