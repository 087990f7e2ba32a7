#include "aggregator/server/message_bytes.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace ora::aggregator {

absl::StatusOr<grpc::ByteBuffer> ToBytes(MessageBytes&& message) {
  auto* const kept = new std::string(std::move(message.bytes));
  const grpc::Slice slice(
      kept->data(), kept->size(), [](void* bytes) { delete static_cast<std::string*>(bytes); },
      kept);
  return grpc::ByteBuffer(&slice, 1);
}

absl::StatusOr<grpc::ByteBuffer> ToBytes(const google::protobuf::MessageLite& message) {
  grpc::ByteBuffer bytes;
  bool own = false;
  const grpc::Status status =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::MessageLite>(message,
                                                                                     &bytes, &own);
  if (status.ok()) return bytes;
  return absl::InternalError(
      absl::StrCat("answer ", message.GetTypeName(), ": ", status.error_message()));
}

absl::Status FromBytes(grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message) {
  const grpc::Status status =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, google::protobuf::MessageLite>(&bytes,
                                                                                       &message);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("request: its bytes are no ", message.GetTypeName(), "; send that message"));
}

}  // namespace ora::aggregator
