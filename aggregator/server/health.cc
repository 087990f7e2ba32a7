#include "aggregator/server/health.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/server/message_bytes.h"

namespace ora::aggregator {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr absl::string_view kService = "grpc.health.v1.Health";

absl::Status AbsentError() {
  return absl::InvalidArgumentError("request: is absent; send one message");
}

absl::Status StoppingError() { return absl::UnavailableError("aggregator is stopping"); }

absl::StatusOr<grpc::ByteBuffer> Answer(HealthCheckResponse::ServingStatus status) {
  HealthCheckResponse response;
  response.set_status(status);
  return ToBytes(response);
}

}  // namespace

class Health::CheckCall final : public Call {
 public:
  CheckCall(CallTransport& transport, const Health& health)
      : transport_(transport), health_(health) {
    transport_.Read();
  }

 private:
  void Received(grpc::ByteBuffer& message) override {
    const absl::StatusOr<grpc::ByteBuffer> answer = AnswerTo(message);
    if (answer.ok()) {
      transport_.WriteAndFinish(*answer);
    } else {
      transport_.Finish(answer.status());
    }
  }
  absl::StatusOr<grpc::ByteBuffer> AnswerTo(grpc::ByteBuffer& message) const {
    HealthCheckRequest request;
    if (absl::Status status = FromBytes(message, request); !status.ok()) return status;
    const auto status = health_.StatusOf(request.service());
    if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
      return absl::NotFoundError(absl::StrCat("service ", request.service(), " is not served"));
    }
    return Answer(status);
  }
  void ReceivedAll() override { transport_.Finish(AbsentError()); }
  void Sent(SendResult) override {}

  CallTransport& transport_;
  const Health& health_;
};

// Everything on the loop's thread.
class Health::WatchCall final : public Call, public CallLoop::Posted {
 public:
  WatchCall(CallTransport& transport, Health& health) : transport_(transport), health_(health) {
    transport_.Read();
  }
  ~WatchCall() override {
    health_.Unwatch(*this);
    health_.loop_.Withdraw(*this);
  }

  // The state may have changed.
  void RunOnLoop() override {
    if (!sending_) SendState();
  }

 private:
  void Received(grpc::ByteBuffer& message) override {
    HealthCheckRequest request;
    absl::Status status = FromBytes(message, request);
    if (status.ok()) status = health_.Watch(*this);
    if (!status.ok()) {
      Finish(status);
      return;
    }
    service_ = request.service();
    SendState();
  }
  void ReceivedAll() override { Finish(AbsentError()); }
  void Sent(SendResult result) override {
    sending_ = false;
    if (result == SendResult::kCallerGone || cancelled_) {
      Finish(absl::CancelledError("call: the caller is gone"));
    } else {
      SendState();
    }
  }
  void Cancelled() override {
    cancelled_ = true;
    if (!sending_) Finish(absl::CancelledError("call: the caller is gone"));
  }

  // Unless the caller knows it.
  void SendState() {
    if (finished_) return;
    const auto state = health_.StatusOf(service_);
    if (state == told_) {
      if (state == HealthCheckResponse::NOT_SERVING) Finish(StoppingError());
      return;
    }
    told_ = state;
    const absl::StatusOr<grpc::ByteBuffer> answer = Answer(state);
    if (!answer.ok()) {
      Finish(answer.status());
      return;
    }
    sending_ = true;
    transport_.Write(*answer);
  }
  void Finish(const absl::Status& status) {
    if (finished_) return;
    finished_ = true;
    transport_.Finish(status);
  }

  CallTransport& transport_;
  Health& health_;
  std::string service_;
  HealthCheckResponse::ServingStatus told_ = HealthCheckResponse::UNKNOWN;
  bool sending_ = false;
  bool cancelled_ = false;
  bool finished_ = false;
};

Health::Health(std::vector<std::string> services, CallLoop& loop)
    : services_(std::move(services)), loop_(loop) {}

void Health::AddTo(MethodTable& methods) {
  methods.Add(kService, "Check", [this](CallTransport& transport) {
    return std::make_unique<CheckCall>(transport, *this);
  });
  methods.Add(kService, "Watch", [this](CallTransport& transport) {
    return std::make_unique<WatchCall>(transport, *this);
  });
}

void Health::Stop() {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return;
  stopped_ = true;
  for (WatchCall* call : watching_) loop_.Post(*call);
}

HealthCheckResponse::ServingStatus Health::StatusOf(const std::string& service) const {
  if (!service.empty() && std::find(services_.begin(), services_.end(), service) == services_.end())
    return HealthCheckResponse::SERVICE_UNKNOWN;
  absl::MutexLock lock(&mutex_);
  return stopped_ ? HealthCheckResponse::NOT_SERVING : HealthCheckResponse::SERVING;
}

absl::Status Health::Watch(WatchCall& call) {
  absl::MutexLock lock(&mutex_);
  if (watching_.size() >= kWatchesMax) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "health: ", watching_.size(), " calls watch already, as many as may; use Check"));
  }
  watching_.insert(&call);
  return absl::OkStatus();
}

void Health::Unwatch(WatchCall& call) {
  absl::MutexLock lock(&mutex_);
  watching_.erase(&call);
}

}  // namespace ora::aggregator
