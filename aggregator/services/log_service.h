// ora.v1.LogService over the catalogue of logs.
#pragma once

#include "aggregator/logs/log_catalog.h"
#include "aggregator/promql/engine.h"
#include "aggregator/server/call.h"
#include "ora/v1/log_service.grpc.pb.h"

namespace ora::aggregator {

// Thread-safe.
class LogService final : public v1::LogService::CallbackService {
 public:
  // The references must outlive the service.
  LogService(const CallEnvironment& environment, promql::Engine& engine,
             const promql::QueryLimits& limits)
      : environment_(environment), engine_(engine), limits_(limits) {}

  grpc::ServerUnaryReactor* ListLogs(grpc::CallbackServerContext*,
                                     const v1::ListLogsRequest* request,
                                     v1::ListLogsResponse* response) override;
  grpc::ServerUnaryReactor* AnalyzeLogs(grpc::CallbackServerContext*,
                                        const v1::AnalyzeLogsRequest* request,
                                        v1::AnalyzeLogsResponse* response) override;

 private:
  // A catalogue whose queries end with the call.
  LogCatalog CatalogFor(const CallLife& life) const;

  const CallEnvironment environment_;
  promql::Engine& engine_;
  const promql::QueryLimits limits_;
};

}  // namespace ora::aggregator
