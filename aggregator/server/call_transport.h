// One call of gRPC: messages as bytes, in and out, and its end.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"

namespace ora::aggregator {

enum class SendResult { kSent, kCallerGone };

// What is done with one call. Its functions run on the loop's thread, one at a time, and must not
// block. It is destroyed when gRPC is done with the call.
class Call {
 public:
  virtual ~Call() = default;

  // A message that CallTransport::Read asked for. The bytes may be moved from.
  virtual void Received(grpc::ByteBuffer& message) = 0;

  // Instead of a message: the caller sends no more, or is gone.
  virtual void ReceivedAll() = 0;

  // The message of CallTransport::Write is on its way, or the caller is gone.
  virtual void Sent(SendResult result) = 0;

  // The caller has cancelled the call or its deadline has passed. Finish is wanted still.
  virtual void Cancelled() {}
};

// At most one Read and one Write at a time; Finish once, when no Write is under way. Read is called
// on the loop's thread; Write and Finish on any, one at a time.
class CallTransport {
 public:
  // What gRPC's queue tells about a call.
  enum class Step { kBegun, kRead, kWritten, kFinished, kDone };
  enum class State { kOpen, kOver };
  struct Tag {
    CallTransport* transport = nullptr;
    Step step = Step::kBegun;
  };

  // `lane` is the loop's: which of its queues the call's steps come from.
  explicit CallTransport(size_t lane) : lane_(lane) {}
  CallTransport(const CallTransport&) = delete;
  CallTransport& operator=(const CallTransport&) = delete;

  // Waits for a call: Step::kBegun comes from `news`, with ok false if the server stops first; the
  // call's other steps come from `queue`.
  void Await(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue,
             grpc::ServerCompletionQueue& news);

  size_t lane() const { return lane_; }

  // `/ora.v1.QueryService/Query`. Once it has begun.
  const std::string& method() const { return context_.method(); }

  // Whom the call comes from: the host's address without its port, so that all connections of a
  // host are one client. Once it has begun.
  std::string client() const;

  // Before the first Read.
  void SetCall(std::unique_ptr<Call> call) { call_ = std::move(call); }

  void Read();
  void Write(const grpc::ByteBuffer& message);
  void Finish(const absl::Status& status);
  // The last message and success in one.
  void WriteAndFinish(const grpc::ByteBuffer& message);

  // A step is over; after the last one the call can be deleted. The loop calls it.
  State Advance(Step step, bool ok);

 private:
  const size_t lane_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  Tag begun_{this, Step::kBegun};
  Tag read_{this, Step::kRead};
  Tag written_{this, Step::kWritten};
  Tag finished_{this, Step::kFinished};
  Tag done_{this, Step::kDone};
  // Of the loop's thread.
  grpc::ByteBuffer message_;
  bool reading_ = false;
  bool is_finished_ = false;
  bool is_done_ = false;
  std::unique_ptr<Call> call_;  // Null: of a method that there is not.
};

}  // namespace ora::aggregator
