// A channel to an aggregator, with the settings that both ends agree on.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace grpc {
class Channel;
}

namespace ora {

// What a channel is for.
enum class ChannelUse {
  kCalls,   // Questions, and answers that may be large and come from far away.
  kStream,  // Small messages, now and then: the other side pays for no probes of bandwidth.
};

// A lazy channel to `HOST:PORT` (IPv6 in brackets) without TLS: it connects at the first call, and
// again by itself. Keepalive pings find a peer that is gone without a word within 30 s.
// INVALID_ARGUMENT: `target` is no HOST:PORT.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(absl::string_view target,
                                                           ChannelUse use = ChannelUse::kCalls);

}  // namespace ora
