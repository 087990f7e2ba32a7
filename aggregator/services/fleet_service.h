// ora.v1.FleetService over the fleet.
#pragma once

#include "aggregator/fleet/fleet.h"
#include "aggregator/server/call.h"
#include "ora/v1/fleet_service.grpc.pb.h"

namespace ora::aggregator {

// Thread-safe.
class FleetService final : public v1::FleetService::CallbackService {
 public:
  // The references must outlive the service.
  FleetService(const CallEnvironment& environment, Fleet& fleet)
      : environment_(environment), fleet_(fleet) {}

  grpc::ServerUnaryReactor* ListHosts(grpc::CallbackServerContext*,
                                      const v1::ListHostsRequest* request,
                                      v1::ListHostsResponse* response) override;
  grpc::ServerUnaryReactor* GetHost(grpc::CallbackServerContext*, const v1::GetHostRequest* request,
                                    v1::Host* response) override;

 private:
  const CallEnvironment environment_;
  Fleet& fleet_;
};

}  // namespace ora::aggregator
