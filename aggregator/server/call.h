// How a unary call, or one that streams its answer, is carried out: on a worker, within its time.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "aggregator/server/worker_pool.h"
#include "proto/status/grpc_status.h"
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
  CallLife(storage::Clock& clock, absl::Duration timeout)
      : clock_(clock), timeout_(timeout), end_(clock.Monotonic() + timeout) {}

  // gRPC says so when the caller cancels and when the caller's own deadline passes.
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }

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
  std::atomic<bool> cancelled_{false};
};

// A unary call; deletes itself when gRPC is done with it.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  using Work = std::function<absl::Status(const CallLife&)>;

  // Does `work` on a worker and finishes the call with its status. `work` may use the call's
  // request and response.
  static grpc::ServerUnaryReactor* Start(const CallEnvironment& environment, Work work) {
    auto* call = new UnaryCall(environment, std::move(work));
    environment.calls.Increment();
    const absl::Status status = environment.workers.Submit([call] { call->Run(); });
    if (!status.ok()) call->End(status);
    return call;
  }

 private:
  UnaryCall(const CallEnvironment& environment, Work work)
      : calls_failed_(environment.calls_failed),
        life_(environment.clock, environment.timeout),
        work_(std::move(work)) {}

  void Run() {
    absl::Status status = life_.Check();
    if (status.ok()) status = work_(life_);
    End(status);
  }
  void End(const absl::Status& status) {
    if (!status.ok()) calls_failed_.Increment();
    Finish(ToGrpc(status));
  }

  void OnCancel() override { life_.Cancel(); }
  void OnDone() override { delete this; }

  storage::Counter& calls_failed_;
  CallLife life_;
  Work work_;
};

// A call that answers with several messages; deletes itself when gRPC is done with it.
template <typename Response>
class StreamingCall final : public grpc::ServerWriteReactor<Response> {
 public:
  // What is to be sent, in order.
  using Answer = absl::StatusOr<std::vector<Response>>;
  using Work = std::function<Answer(const CallLife&)>;

  static grpc::ServerWriteReactor<Response>* Start(const CallEnvironment& environment, Work work) {
    auto* call = new StreamingCall(environment, std::move(work));
    environment.calls.Increment();
    const absl::Status status = environment.workers.Submit([call] { call->Run(); });
    if (!status.ok()) call->End(status);
    return call;
  }

 private:
  StreamingCall(const CallEnvironment& environment, Work work)
      : calls_failed_(environment.calls_failed),
        life_(environment.clock, environment.timeout),
        work_(std::move(work)) {}

  void Run() {
    absl::Status status = life_.Check();
    if (status.ok()) {
      Answer answer = work_(life_);
      status = answer.status();
      if (answer.ok()) messages_ = *std::move(answer);
    }
    if (!status.ok()) {
      End(status);
    } else {
      SendNext();
    }
  }
  // From the worker first, then from gRPC's callbacks, one at a time.
  void SendNext() {
    if (next_ == messages_.size()) {
      End(absl::OkStatus());
    } else {
      this->StartWrite(&messages_[next_++]);
    }
  }
  void End(const absl::Status& status) {
    if (!status.ok()) calls_failed_.Increment();
    this->Finish(ToGrpc(status));
  }

  void OnWriteDone(bool ok) override {
    if (!ok) {
      End(absl::CancelledError("call: the caller is gone"));
      return;
    }
    messages_[next_ - 1] = Response();  // Its memory is wanted no more.
    SendNext();
  }
  void OnCancel() override { life_.Cancel(); }
  void OnDone() override { delete this; }

  storage::Counter& calls_failed_;
  CallLife life_;
  Work work_;
  std::vector<Response> messages_;
  size_t next_ = 0;
};

}  // namespace ora::aggregator
