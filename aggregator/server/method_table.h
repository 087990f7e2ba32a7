// Which methods the server has, and what begins when one is called.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "aggregator/server/call_transport.h"

namespace ora::aggregator {

// Filled before the server starts; it does not change while it serves.
class MethodTable {
 public:
  // Makes what is done with a call. Runs on the loop's thread; must not block.
  using MakeCall = std::function<std::unique_ptr<Call>(CallTransport&)>;

  // `service` is the full name, such as `ora.v1.QueryService`; each pair once.
  void Add(absl::string_view service, absl::string_view method, MakeCall make);

  // Null: there is no such method. `path` is `/SERVICE/METHOD`.
  const MakeCall* Find(const std::string& path) const;

  // Full names, sorted.
  std::vector<std::string> Services() const;

  // INTERNAL: a service's descriptor has a method that was not added, or the reverse.
  absl::Status CheckComplete() const;

 private:
  std::map<std::string, std::map<std::string, MakeCall>> services_;
};

}  // namespace ora::aggregator
