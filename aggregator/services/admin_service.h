// ora.v1.AdminService: figures of every part.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "aggregator/fleet/fleet.h"
#include "aggregator/ingest/ingest_session.h"
#include "aggregator/rules/rule_group.h"
#include "aggregator/server/call.h"
#include "ora/v1/admin_service.grpc.pb.h"
#include "storage/env/counters.h"
#include "storage/env/file_system.h"
#include "storage/time_series_store.h"

namespace ora::aggregator {

// Whose figures; the references outlive the service.
struct AdminSources {
  std::string storage_uri;
  absl::Time start_time;
  storage::TimeSeriesStore& store;
  storage::FileSystem& files;
  storage::Counters& counters;
  Ingest& ingest;
  Fleet& fleet;
  RuleGroup& rules;
};

// Thread-safe.
class AdminService final : public v1::AdminService::CallbackService {
 public:
  AdminService(const CallEnvironment& environment, AdminSources sources)
      : environment_(environment), sources_(std::move(sources)) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext*, const v1::GetStatusRequest*,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* CreateSnapshot(grpc::CallbackServerContext*,
                                           const v1::CreateSnapshotRequest* request,
                                           v1::CreateSnapshotResponse* response) override;
  grpc::ServerUnaryReactor* GetCardinality(grpc::CallbackServerContext*,
                                           const v1::GetCardinalityRequest* request,
                                           v1::GetCardinalityResponse* response) override;
  grpc::ServerUnaryReactor* DeleteSeries(grpc::CallbackServerContext*,
                                         const v1::DeleteSeriesRequest* request,
                                         v1::DeleteSeriesResponse* response) override;

 private:
  absl::StatusOr<v1::GetStatusResponse> Status() const;
  absl::StatusOr<v1::CreateSnapshotResponse> Snapshot(
      const CallLife& life, const v1::CreateSnapshotRequest& request) const;
  absl::StatusOr<v1::GetCardinalityResponse> Cardinality(
      const CallLife& life, const v1::GetCardinalityRequest& request) const;
  absl::StatusOr<v1::DeleteSeriesResponse> Delete(const CallLife& life,
                                                  const v1::DeleteSeriesRequest& request) const;

  const CallEnvironment environment_;
  const AdminSources sources_;
};

}  // namespace ora::aggregator
