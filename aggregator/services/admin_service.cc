#include "aggregator/services/admin_service.h"

#include "aggregator/services/messages.h"
#include "aggregator/services/process_status.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

v1::StorageStatus ToMessage(const storage::StoreStatistics& statistics) {
  v1::StorageStatus message;
  message.set_series(statistics.series);
  message.set_samples_ingested(statistics.samples_ingested);
  message.set_samples_open(statistics.samples_open);
  message.set_samples_sealed(statistics.samples_sealed);
  message.set_chunk_bytes(statistics.chunk_bytes);
  message.set_disk_bytes(statistics.disk_bytes);
  message.set_free_bytes(statistics.free_bytes);
  message.set_refusal(statistics.refusal);
  message.set_damaged_records(statistics.damaged_records);
  return message;
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext*,
                                                  const v1::GetStatusRequest*,
                                                  v1::GetStatusResponse* response) {
  return UnaryCall::Start(environment_, [=, this](const CallLife&) -> absl::Status {
    ORA_ASSIGN_OR_RETURN(*response, Status());
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::GetStatusResponse> AdminService::Status() const {
  v1::GetStatusResponse response;
  response.set_version(ORA_VERSION);
  *response.mutable_start_time() = ToProtoTime(sources_.start_time);
  response.set_storage_uri(sources_.storage_uri);
  *response.mutable_storage() = ToMessage(sources_.store.Statistics());
  ORA_ASSIGN_OR_RETURN(*response.mutable_process(), ReadProcessStatus(sources_.files));
  response.set_streams_open(sources_.ingest.streams_open());
  for (const v1::Host& host : sources_.fleet.Hosts()) {
    if (host.state() == v1::HOST_STATE_LIVE) {
      response.set_hosts_live(response.hosts_live() + 1);
    } else {
      response.set_hosts_silent(response.hosts_silent() + 1);
    }
  }
  for (const v1::Alert& alert : sources_.rules.Alerts()) {
    if (alert.state() == v1::ALERT_STATE_FIRING) {
      response.set_alerts_firing(response.alerts_firing() + 1);
    }
  }
  for (const auto& [name, value] : sources_.counters.Snapshot()) {
    v1::NamedCounter* counter = response.add_counters();
    counter->set_name(name);
    counter->set_value(value);
  }
  return response;
}

}  // namespace ora::aggregator
