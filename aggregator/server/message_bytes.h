// Messages to and from the bytes that gRPC carries.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ora::aggregator {

// A message that was written already.
struct MessageBytes {
  std::string bytes;
};

// Takes them over without a copy.
absl::StatusOr<grpc::ByteBuffer> ToBytes(MessageBytes&& message);

// INTERNAL: it cannot be written.
absl::StatusOr<grpc::ByteBuffer> ToBytes(const google::protobuf::MessageLite& message);

// Replaces what `message` says. INVALID_ARGUMENT: the bytes are no message of its type. `bytes` are
// used up.
absl::Status FromBytes(grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message);

}  // namespace ora::aggregator
