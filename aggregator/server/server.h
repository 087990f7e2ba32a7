// The gRPC server: port, limits, health, reflection; starts and drains.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace ora::aggregator {

class CallLoop;
class MethodTable;

struct ServerOptions {
  std::string listen;                                 // `HOST:PORT`; port 0 takes a free one.
  absl::Duration drain_limit = absl::Seconds(5);      // Calls that last longer are cut off.
  absl::Duration ping_interval = absl::Seconds(30);   // Finds peers that are gone without a word.
  absl::Duration ping_limit_min = absl::Seconds(10);  // Pings that come more often are refused.
  // How much later than at once a call may be seen while streams that can wait are busy: after a
  // second without a new call, and within one.
  absl::Duration pause = absl::Milliseconds(10);
  absl::Duration pause_short = absl::Milliseconds(1);
};

// Calls from one thread at a time.
class Server {
 public:
  virtual ~Server() = default;

  // What `add_services` adds must outlive the server; it is given the loop for calls that have
  // something to say by themselves. Health and reflection are added to it. UNAVAILABLE: the address
  // cannot be listened on.
  using AddServices = std::function<void(MethodTable& methods, CallLoop& loop)>;
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const AddServices& add_services);

  // Where it listens, with the real port.
  virtual const std::string& address() const = 0;

  // Calls within the process, without the network.
  virtual std::shared_ptr<grpc::Channel> InProcessChannel() = 0;

  // Health says NOT_SERVING, then `end_streams` asks long streams to end, then calls have
  // `drain_limit` to end. Returns when none is left. A second call does nothing.
  virtual void Stop(const std::function<void()>& end_streams) = 0;
};

}  // namespace ora::aggregator
