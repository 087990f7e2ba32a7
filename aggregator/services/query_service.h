// ora.v1.QueryService over the engine and the store.
#pragma once

#include "aggregator/promql/engine.h"
#include "aggregator/server/call.h"
#include "ora/v1/query_service.grpc.pb.h"
#include "storage/series_reader.h"

namespace ora::aggregator {

// Thread-safe.
class QueryService final : public v1::QueryService::CallbackService {
 public:
  // The references must outlive the service.
  QueryService(const CallEnvironment& environment, promql::Engine& engine,
               storage::SeriesReader& reader, const promql::QueryLimits& limits)
      : environment_(environment), engine_(engine), reader_(reader), limits_(limits) {}

  grpc::ServerUnaryReactor* Query(grpc::CallbackServerContext*, const v1::QueryRequest* request,
                                  v1::QueryResponse* response) override;
  grpc::ServerWriteReactor<v1::QueryRangeResponse>* QueryRange(
      grpc::CallbackServerContext*, const v1::QueryRangeRequest* request) override;
  grpc::ServerUnaryReactor* ListSeries(grpc::CallbackServerContext*,
                                       const v1::ListSeriesRequest* request,
                                       v1::ListSeriesResponse* response) override;
  grpc::ServerUnaryReactor* ListLabelNames(grpc::CallbackServerContext*,
                                           const v1::ListLabelNamesRequest* request,
                                           v1::ListLabelNamesResponse* response) override;
  grpc::ServerUnaryReactor* ListLabelValues(grpc::CallbackServerContext*,
                                            const v1::ListLabelValuesRequest* request,
                                            v1::ListLabelValuesResponse* response) override;

 private:
  const CallEnvironment environment_;
  promql::Engine& engine_;
  storage::SeriesReader& reader_;
  const promql::QueryLimits limits_;
};

}  // namespace ora::aggregator
