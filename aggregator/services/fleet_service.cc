#include "aggregator/services/fleet_service.h"

#include <utility>
#include <vector>

#include "aggregator/services/paging.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {

void FleetService::AddTo(MethodTable& methods) const {
  ServiceMethods<const FleetService> service(methods, "ora.v1.FleetService", environment_, *this);
  service.AddUnary("ListHosts", &FleetService::ListHosts);
  service.AddUnary("GetHost", &FleetService::GetHost);
}

absl::StatusOr<v1::ListHostsResponse> FleetService::ListHosts(
    const CallLife&, const v1::ListHostsRequest& request) const {
  v1::ListHostsResponse response;
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  std::vector<v1::Host> hosts = fleet_.Hosts();
  if (request.state() != v1::HOST_STATE_UNSPECIFIED) {
    std::erase_if(hosts, [&](const v1::Host& host) { return host.state() != request.state(); });
  }
  ORA_ASSIGN_OR_RETURN(const int32_t page_size, contract::PageSize(request.page_size()));
  ORA_ASSIGN_OR_RETURN(Page<v1::Host> page, PageOf(std::move(hosts), static_cast<size_t>(page_size),
                                                   request.page_token(), [](const v1::Host& host) {
                                                     return host.instance();
                                                   }));
  for (v1::Host& host : page.items) *response.add_hosts() = std::move(host);
  response.set_next_page_token(page.next_page_token);
  return response;
}

absl::StatusOr<v1::Host> FleetService::GetHost(const CallLife&,
                                               const v1::GetHostRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  return fleet_.Find(request.instance());
}

}  // namespace ora::aggregator
