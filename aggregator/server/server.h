// The gRPC server: port, limits, health, reflection; starts and drains.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace grpc {
class Channel;
class Service;
}  // namespace grpc

namespace ora::aggregator {

// A service under the name that health is asked for, such as `ora.v1.QueryService`.
struct ServedService {
  std::string name;
  grpc::Service* service = nullptr;
};

struct ServerOptions {
  std::string listen;                                 // `HOST:PORT`; port 0 takes a free one.
  absl::Duration drain_limit = absl::Seconds(5);      // Calls that last longer are cut off.
  absl::Duration ping_interval = absl::Seconds(30);   // Finds peers that are gone without a word.
  absl::Duration ping_limit_min = absl::Seconds(10);  // Pings that come more often are refused.
  int threads_max = 64;
};

// Calls from one thread at a time.
class Server {
 public:
  virtual ~Server() = default;

  // The services must outlive the server. UNAVAILABLE: the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const std::vector<ServedService>& services);

  // Where it listens, with the real port.
  virtual const std::string& address() const = 0;

  // Calls within the process, without the network.
  virtual std::shared_ptr<grpc::Channel> InProcessChannel() = 0;

  // Health says NOT_SERVING, then `end_streams` asks long streams to end, then calls have
  // `drain_limit` to end. Returns when none is left. A second call does nothing.
  virtual void Stop(const std::function<void()>& end_streams) = 0;
};

}  // namespace ora::aggregator
