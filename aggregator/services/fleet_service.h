// ora.v1.FleetService over the fleet.
#pragma once

#include "absl/status/statusor.h"
#include "aggregator/fleet/fleet.h"
#include "aggregator/server/call.h"
#include "ora/v1/fleet_service.pb.h"

namespace ora::aggregator {

// Thread-safe.
class FleetService final {
 public:
  // The references must outlive the service.
  FleetService(const CallEnvironment& environment, Fleet& fleet)
      : environment_(environment), fleet_(fleet) {}

  // Adds the service's methods; it must outlive the table.
  void AddTo(MethodTable& methods) const;

 private:
  absl::StatusOr<v1::ListHostsResponse> ListHosts(const CallLife& life,
                                                  const v1::ListHostsRequest& request) const;
  absl::StatusOr<v1::Host> GetHost(const CallLife& life, const v1::GetHostRequest& request) const;

  const CallEnvironment environment_;
  Fleet& fleet_;
};

}  // namespace ora::aggregator
