#include "aggregator/server/call_transport.h"

#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "proto/status/grpc_status.h"

namespace ora::aggregator {

void CallTransport::Await(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue,
                          grpc::ServerCompletionQueue& news) {
  context_.AsyncNotifyWhenDone(&done_);
  service.RequestCall(&context_, &stream_, &queue, &news, &begun_);
}

std::string CallTransport::client() const {
  // `ipv4:10.0.0.7:51234`, `ipv6:%5B::1%5D:51234`, `unix:PATH`, `inproc`.
  const std::string peer = context_.peer();
  absl::string_view host = peer;
  if (!absl::ConsumePrefix(&host, "ipv4:") && !absl::ConsumePrefix(&host, "ipv6:")) return peer;
  return absl::StrReplaceAll(host.substr(0, host.rfind(':')),
                             {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
}

void CallTransport::Read() {
  reading_ = true;
  stream_.Read(&message_, &read_);
}

void CallTransport::Write(const grpc::ByteBuffer& message) { stream_.Write(message, &written_); }

void CallTransport::Finish(const absl::Status& status) {
  stream_.Finish(ToGrpc(status), &finished_);
}

void CallTransport::WriteAndFinish(const grpc::ByteBuffer& message) {
  stream_.WriteAndFinish(message, grpc::WriteOptions(), grpc::Status::OK, &finished_);
}

CallTransport::State CallTransport::Advance(Step step, bool ok) {
  switch (step) {
    case Step::kBegun:
      break;
    case Step::kRead:
      reading_ = false;
      if (call_ == nullptr) break;
      if (ok) {
        grpc::ByteBuffer message;  // The call may read the next one into `message_` meanwhile.
        message.Swap(&message_);
        call_->Received(message);
      } else {
        call_->ReceivedAll();
      }
      break;
    case Step::kWritten:
      call_->Sent(ok ? SendResult::kSent : SendResult::kCallerGone);
      break;
    case Step::kFinished:
      is_finished_ = true;
      break;
    case Step::kDone:
      is_done_ = true;
      if (call_ != nullptr && context_.IsCancelled()) call_->Cancelled();
      break;
  }
  return reading_ || !is_finished_ || !is_done_ ? State::kOpen : State::kOver;
}

}  // namespace ora::aggregator
