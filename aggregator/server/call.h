// How a unary call, or one that streams its answer, is carried out: on a worker, within its time.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "aggregator/server/call_transport.h"
#include "aggregator/server/message_bytes.h"
#include "aggregator/server/method_table.h"
#include "aggregator/server/worker_pool.h"
#include "proto/status/status_macros.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"

namespace ora::aggregator {

// What all calls share; the references outlive the server.
struct CallEnvironment {
  WorkerPool& workers;
  storage::Clock& clock;
  storage::Counter& calls;
  storage::Counter& calls_failed;
  absl::Duration timeout = absl::Minutes(2);  // Of calls whose deadline is later, or absent.
};

// Whether anyone still waits for the answer. Thread-safe.
class CallLife {
 public:
  CallLife(storage::Clock& clock, absl::Duration timeout, std::string client)
      : clock_(clock),
        timeout_(timeout),
        end_(clock.Monotonic() + timeout),
        client_(std::move(client)) {}

  // gRPC says so when the caller cancels and when the caller's own deadline passes.
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // As CallTransport::client.
  const std::string& client() const { return client_; }

  // CANCELLED or DEADLINE_EXCEEDED when the work is in vain.
  absl::Status Check() const {
    if (cancelled_.load(std::memory_order_relaxed)) {
      return absl::CancelledError("call: was cancelled, or its deadline has passed");
    }
    if (clock_.Monotonic() >= end_) {
      return absl::DeadlineExceededError(absl::StrCat(
          "call: took longer than ", absl::FormatDuration(timeout_), ", the aggregator's limit"));
    }
    return absl::OkStatus();
  }

 private:
  storage::Clock& clock_;
  const absl::Duration timeout_;
  const absl::Duration end_;
  const std::string client_;
  std::atomic<bool> cancelled_{false};
};

// A call of one request: reads it, and has its answer worked out on a worker, within its time.
class WorkerCall : public Call {
 protected:
  WorkerCall(CallTransport& transport, const CallEnvironment& environment)
      : transport_(transport),
        environment_(environment),
        life_(environment.clock, environment.timeout, transport.client()) {
    environment.calls.Increment();
    transport_.Read();
  }

  // Answers `request`, on a worker; ends with a call of End or of the transport's WriteAndFinish,
  // after which the call may be gone.
  virtual void Run(grpc::ByteBuffer& request) = 0;

  void End(const absl::Status& status);

  CallTransport& transport() { return transport_; }
  const CallLife& life() const { return life_; }

 private:
  void Received(grpc::ByteBuffer& message) final;
  void ReceivedAll() final;
  void Cancelled() final { life_.Cancel(); }

  CallTransport& transport_;
  const CallEnvironment& environment_;
  CallLife life_;
  grpc::ByteBuffer request_;
};

// A call that is answered with one message.
template <typename Request, typename Response>
class UnaryCall final : public WorkerCall {
 public:
  using Work = std::function<absl::StatusOr<Response>(const CallLife&, const Request&)>;

  // `environment` and `work` must outlive the call.
  UnaryCall(CallTransport& transport, const CallEnvironment& environment, const Work& work)
      : WorkerCall(transport, environment), work_(work) {}

 private:
  void Run(grpc::ByteBuffer& bytes) override {
    const absl::StatusOr<grpc::ByteBuffer> answer = Answer(bytes);
    if (answer.ok()) {
      transport().WriteAndFinish(*answer);
    } else {
      End(answer.status());
    }
  }
  absl::StatusOr<grpc::ByteBuffer> Answer(grpc::ByteBuffer& bytes) {
    Request request;
    ORA_RETURN_IF_ERROR(FromBytes(bytes, request));
    ORA_ASSIGN_OR_RETURN(Response response, work_(life(), request));
    return ToBytes(std::move(response));
  }
  void Sent(SendResult) override {}

  const Work& work_;
};

// A call that is answered with several messages.
template <typename Request, typename Response>
class StreamingCall final : public WorkerCall {
 public:
  // What is to be sent, in order.
  using Work =
      std::function<absl::StatusOr<std::vector<Response>>(const CallLife&, const Request&)>;

  // `environment` and `work` must outlive the call.
  StreamingCall(CallTransport& transport, const CallEnvironment& environment, const Work& work)
      : WorkerCall(transport, environment), work_(work) {}

 private:
  void Run(grpc::ByteBuffer& bytes) override {
    const absl::Status status = Answer(bytes);
    if (status.ok()) {
      SendNext();
    } else {
      End(status);
    }
  }
  absl::Status Answer(grpc::ByteBuffer& bytes) {
    Request request;
    ORA_RETURN_IF_ERROR(FromBytes(bytes, request));
    ORA_ASSIGN_OR_RETURN(std::vector<Response> messages, work_(life(), request));
    for (Response& message : messages) {
      ORA_ASSIGN_OR_RETURN(messages_.emplace_back(), ToBytes(std::move(message)));
      message = Response();  // Its memory is wanted no more.
    }
    return absl::OkStatus();
  }
  // From the worker first, then from the loop, one at a time.
  void SendNext() {
    if (messages_.empty()) {
      End(absl::OkStatus());
    } else if (next_ + 1 == messages_.size()) {
      transport().WriteAndFinish(messages_[next_++]);  // Saves a turn of the loop.
    } else {
      transport().Write(messages_[next_++]);
    }
  }
  void Sent(SendResult result) override {
    if (result == SendResult::kCallerGone) {
      End(absl::CancelledError("call: the caller is gone"));
      return;
    }
    messages_[next_ - 1].Clear();
    SendNext();
  }

  const Work& work_;
  std::vector<grpc::ByteBuffer> messages_;
  size_t next_ = 0;
};

// Methods of one service, whose members do the work. `service` and `environment` must outlive the
// table.
template <typename Service>
class ServiceMethods {
 public:
  ServiceMethods(MethodTable& table, absl::string_view name, const CallEnvironment& environment,
                 Service& service)
      : table_(table), name_(name), environment_(environment), service_(service) {}

  template <typename Request, typename Response>
  void AddUnary(absl::string_view method,
                absl::StatusOr<Response> (Service::*work)(const CallLife&, const Request&) const) {
    Add<UnaryCall<Request, Response>>(method, work);
  }

  template <typename Request, typename Response>
  void AddStreaming(absl::string_view method,
                    absl::StatusOr<std::vector<Response>> (Service::*work)(const CallLife&,
                                                                           const Request&) const) {
    Add<StreamingCall<Request, Response>>(method, work);
  }

 private:
  template <typename OneCall, typename Member>
  void Add(absl::string_view method, Member member) {
    typename OneCall::Work work = [&service = service_, member](const CallLife& life,
                                                                const auto& request) {
      return (service.*member)(life, request);
    };
    table_.Add(name_, method,
               [&environment = environment_, work = std::move(work)](CallTransport& transport) {
                 return std::make_unique<OneCall>(transport, environment, work);
               });
  }

  MethodTable& table_;
  const std::string name_;
  const CallEnvironment& environment_;
  Service& service_;
};

}  // namespace ora::aggregator
