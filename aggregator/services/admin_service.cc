#include "aggregator/services/admin_service.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "aggregator/promql/engine.h"
#include "aggregator/services/messages.h"
#include "aggregator/services/process_status.h"
#include "proto/contract/limits.h"
#include "proto/contract/request_checks.h"
#include "proto/status/annotate.h"
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
  message.set_partitions(statistics.partitions);
  message.set_young_chunks(statistics.young_chunks);
  return message;
}

using NamedCounts = google::protobuf::RepeatedPtrField<v1::NamedCount>;

void Fill(const std::vector<storage::CardinalityEntry>& entries, NamedCounts& messages) {
  for (const storage::CardinalityEntry& entry : entries) {
    v1::NamedCount& message = *messages.Add();
    message.set_name(entry.name);
    message.set_count(entry.count);
  }
}

}  // namespace

void AdminService::AddTo(MethodTable& methods) const {
  ServiceMethods<const AdminService> service(methods, "ora.v1.AdminService", environment_, *this);
  service.AddUnary("GetStatus", &AdminService::GetStatus);
  service.AddUnary("CreateSnapshot", &AdminService::CreateSnapshot);
  service.AddUnary("GetCardinality", &AdminService::GetCardinality);
  service.AddUnary("DeleteSeries", &AdminService::DeleteSeries);
}

absl::StatusOr<v1::CreateSnapshotResponse> AdminService::CreateSnapshot(
    const CallLife&, const v1::CreateSnapshotRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  ORA_ASSIGN_OR_RETURN(const storage::StoreSnapshot snapshot,
                       sources_.store.Snapshot(request.name()));
  v1::CreateSnapshotResponse response;
  response.set_uri(snapshot.uri);
  response.set_bytes(snapshot.bytes);
  return response;
}

absl::StatusOr<v1::GetCardinalityResponse> AdminService::GetCardinality(
    const CallLife&, const v1::GetCardinalityRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  const uint32_t top = request.top() == 0 ? contract::kCardinalityTopDefault : request.top();
  const storage::CardinalityReport report = sources_.store.Cardinality(top);
  v1::GetCardinalityResponse response;
  response.set_series(report.series);
  response.set_series_max(report.series_max);
  response.set_series_per_host_max(report.series_per_instance_max);
  response.set_series_new(report.series_new);
  response.set_series_forgotten(report.series_forgotten);
  Fill(report.metrics, *response.mutable_metrics());
  Fill(report.labels, *response.mutable_labels());
  Fill(report.label_pairs, *response.mutable_label_pairs());
  Fill(report.instances, *response.mutable_hosts());
  Fill(report.churn, *response.mutable_churn());
  return response;
}

absl::StatusOr<v1::DeleteSeriesResponse> AdminService::DeleteSeries(
    const CallLife& life, const v1::DeleteSeriesRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  storage::SelectRequest select;
  absl::StatusOr<std::vector<storage::Matcher>> matchers =
      promql::ParseSelector(request.selector());
  if (!matchers.ok()) return Annotate(matchers.status(), "selector");
  select.matchers = *std::move(matchers);
  select.hints.by_labels_only = true;
  select.series_max = UINT64_MAX;
  v1::DeleteSeriesResponse response;
  {
    // Gone before the deletion, which need not wait for what this cursor pins.
    ORA_ASSIGN_OR_RETURN(const std::unique_ptr<storage::SeriesCursor> cursor,
                         sources_.store.Select(select));
    response.set_series(cursor->series_count());
    while (response.examples_size() < static_cast<int>(contract::kDeletionExamplesMax) &&
           cursor->Next()) {
      *response.add_examples() = ToMessage(cursor->labels());
    }
  }
  ORA_RETURN_IF_ERROR(life.Check());  // Who does not wait for the answer does not see it happen.
  if (!request.apply()) return response;
  ORA_ASSIGN_OR_RETURN(const storage::DeletedSeries deleted,
                       sources_.store.DeleteSeries(select.matchers));
  response.set_series(deleted.series);
  response.set_applied(true);
  return response;
}

absl::StatusOr<v1::GetStatusResponse> AdminService::GetStatus(const CallLife&,
                                                              const v1::GetStatusRequest&) const {
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
