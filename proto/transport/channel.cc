#include "proto/transport/channel.h"

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/contract/limits.h"

namespace ora {
namespace {

constexpr int kKeepaliveTimeMillis = 20'000;
// An aggregator to which a whole fleet delivers what it missed may take its time to answer a ping.
constexpr int kKeepaliveTimeoutMillis = 30'000;
constexpr int kReconnectMillisMax = 5'000;
constexpr int kReconnectMillisFirst = 100;
// gRPC takes its "minimum backoff" for the time that one attempt to connect may take.
constexpr int kConnectMillisMax = 5'000;

absl::Status CheckTarget(absl::string_view target) {
  const size_t colon = target.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(target.substr(colon + 1), &port) || port < 1 || port > 65'535) {
    return absl::InvalidArgumentError(
        absl::StrCat("aggregator address `", target,
                     "` is not HOST:PORT; say for example 127.0.0.1:", contract::kDefaultPort));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(absl::string_view target,
                                                           ChannelUse use) {
  if (absl::Status status = CheckTarget(target); !status.ok()) return status;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(contract::kResponseBytesMax));
  arguments.SetMaxSendMessageSize(static_cast<int>(contract::kMessageBytesMax));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMillis);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMillis);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMillisMax);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMillisFirst);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMillisMax);
  // A probe is a ping that the other side answers, with almost every message of a quiet stream.
  if (use == ChannelUse::kStream) arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  // Two programs of one process (tests) must not share a connection by accident.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(std::string(target), grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace ora
