#include "aggregator/server/call.h"

namespace ora::aggregator {

void WorkerCall::Received(grpc::ByteBuffer& message) {
  request_.Swap(&message);
  const absl::Status status = environment_.workers.Submit([this] {
    const absl::Status alive = life_.Check();
    if (!alive.ok()) {
      End(alive);
      return;
    }
    grpc::ByteBuffer request;
    request.Swap(&request_);
    Run(request);
  });
  if (!status.ok()) End(status);
}

void WorkerCall::ReceivedAll() {
  End(absl::InvalidArgumentError("request: is absent; send one message"));
}

void WorkerCall::End(const absl::Status& status) {
  if (!status.ok()) environment_.calls_failed.Increment();
  transport_.Finish(status);
}

}  // namespace ora::aggregator
