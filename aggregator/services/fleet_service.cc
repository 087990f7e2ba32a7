#include "aggregator/services/fleet_service.h"

#include <utility>
#include <vector>

#include "aggregator/services/paging.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {

grpc::ServerUnaryReactor* FleetService::ListHosts(grpc::CallbackServerContext*,
                                                  const v1::ListHostsRequest* request,
                                                  v1::ListHostsResponse* response) {
  return UnaryCall::Start(environment_, [=, this](const CallLife&) -> absl::Status {
    ORA_RETURN_IF_ERROR(contract::Validate(*request));
    std::vector<v1::Host> hosts = fleet_.Hosts();
    if (request->state() != v1::HOST_STATE_UNSPECIFIED) {
      std::erase_if(hosts, [&](const v1::Host& host) { return host.state() != request->state(); });
    }
    ORA_ASSIGN_OR_RETURN(const int32_t page_size, contract::PageSize(request->page_size()));
    ORA_ASSIGN_OR_RETURN(
        Page<v1::Host> page,
        PageOf(std::move(hosts), static_cast<size_t>(page_size), request->page_token(),
               [](const v1::Host& host) { return host.instance(); }));
    for (v1::Host& host : page.items) *response->add_hosts() = std::move(host);
    response->set_next_page_token(page.next_page_token);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* FleetService::GetHost(grpc::CallbackServerContext*,
                                                const v1::GetHostRequest* request,
                                                v1::Host* response) {
  return UnaryCall::Start(environment_, [=, this](const CallLife&) -> absl::Status {
    ORA_RETURN_IF_ERROR(contract::Validate(*request));
    ORA_ASSIGN_OR_RETURN(*response, fleet_.Find(request->instance()));
    return absl::OkStatus();
  });
}

}  // namespace ora::aggregator
