// ora.v1.LogService over the catalogue of logs.
#pragma once

#include "absl/status/statusor.h"
#include "aggregator/admission/query_slots.h"
#include "aggregator/logs/log_catalog.h"
#include "aggregator/promql/engine.h"
#include "aggregator/server/call.h"
#include "ora/v1/log_service.pb.h"

namespace ora::aggregator {

// Thread-safe.
class LogService final {
 public:
  // The references must outlive the service.
  LogService(const CallEnvironment& environment, promql::Engine& engine,
             const promql::QueryLimits& limits, QuerySlots& slots)
      : environment_(environment), engine_(engine), limits_(limits), slots_(slots) {}

  // Adds the service's methods; it must outlive the table.
  void AddTo(MethodTable& methods) const;

 private:
  absl::StatusOr<v1::ListLogsResponse> ListLogs(const CallLife& life,
                                                const v1::ListLogsRequest& request) const;
  absl::StatusOr<v1::AnalyzeLogsResponse> AnalyzeLogs(const CallLife& life,
                                                      const v1::AnalyzeLogsRequest& request) const;

  // A catalogue whose queries end with the call.
  LogCatalog CatalogFor(const CallLife& life) const;

  const CallEnvironment environment_;
  promql::Engine& engine_;
  const promql::QueryLimits limits_;
  QuerySlots& slots_;
};

}  // namespace ora::aggregator
