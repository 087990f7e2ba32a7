// ora.v1.AdminService: figures of every part.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "aggregator/fleet/fleet.h"
#include "aggregator/ingest/ingest_session.h"
#include "aggregator/rules/rule_book.h"
#include "aggregator/server/call.h"
#include "ora/v1/admin_service.pb.h"
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
  RuleBook& rules;
};

// Thread-safe.
class AdminService final {
 public:
  AdminService(const CallEnvironment& environment, AdminSources sources)
      : environment_(environment), sources_(std::move(sources)) {}

  // Adds the service's methods; it must outlive the table.
  void AddTo(MethodTable& methods) const;

 private:
  absl::StatusOr<v1::GetStatusResponse> GetStatus(const CallLife& life,
                                                  const v1::GetStatusRequest& request) const;
  absl::StatusOr<v1::CreateSnapshotResponse> CreateSnapshot(
      const CallLife& life, const v1::CreateSnapshotRequest& request) const;
  absl::StatusOr<v1::GetCardinalityResponse> GetCardinality(
      const CallLife& life, const v1::GetCardinalityRequest& request) const;
  absl::StatusOr<v1::DeleteSeriesResponse> DeleteSeries(
      const CallLife& life, const v1::DeleteSeriesRequest& request) const;

  const CallEnvironment environment_;
  const AdminSources sources_;
};

}  // namespace ora::aggregator
