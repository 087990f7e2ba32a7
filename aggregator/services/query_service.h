// ora.v1.QueryService over the engine and the store.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "aggregator/admission/query_slots.h"
#include "aggregator/promql/engine.h"
#include "aggregator/server/call.h"
#include "aggregator/server/message_bytes.h"
#include "ora/v1/query_service.pb.h"
#include "storage/series_reader.h"

namespace ora::aggregator {

// Thread-safe.
class QueryService final {
 public:
  // The references must outlive the service.
  QueryService(const CallEnvironment& environment, promql::Engine& engine,
               storage::SeriesReader& reader, const promql::QueryLimits& limits, QuerySlots& slots)
      : environment_(environment),
        engine_(engine),
        reader_(reader),
        limits_(limits),
        slots_(slots) {}

  // Adds the service's methods; it must outlive the table.
  void AddTo(MethodTable& methods) const;

 private:
  // Answer with a QueryResponse, and with QueryRangeResponses.
  absl::StatusOr<MessageBytes> Query(const CallLife& life, const v1::QueryRequest& request) const;
  absl::StatusOr<std::vector<MessageBytes>> QueryRange(const CallLife& life,
                                                       const v1::QueryRangeRequest& request) const;
  absl::StatusOr<v1::ListSeriesResponse> ListSeries(const CallLife& life,
                                                    const v1::ListSeriesRequest& request) const;
  absl::StatusOr<v1::ListLabelNamesResponse> ListLabelNames(
      const CallLife& life, const v1::ListLabelNamesRequest& request) const;
  absl::StatusOr<v1::ListLabelValuesResponse> ListLabelValues(
      const CallLife& life, const v1::ListLabelValuesRequest& request) const;
  absl::StatusOr<v1::ListMetadataResponse> ListMetadata(
      const CallLife& life, const v1::ListMetadataRequest& request) const;

  const CallEnvironment environment_;
  promql::Engine& engine_;
  storage::SeriesReader& reader_;
  const promql::QueryLimits limits_;
  QuerySlots& slots_;
};

}  // namespace ora::aggregator
