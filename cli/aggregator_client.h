// The calls that commands make, without gRPC: one function an RPC.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ora/v1/admin_service.pb.h"
#include "ora/v1/alert_service.pb.h"
#include "ora/v1/fleet_service.pb.h"
#include "ora/v1/log_service.pb.h"
#include "ora/v1/query_service.pb.h"
#include "ora/v1/rule_service.pb.h"

namespace ora::cli {

// An aggregator. Errors are those of the API's comments; besides, UNAVAILABLE: it cannot be
// reached, and DEADLINE_EXCEEDED: it did not answer in time. Used by one thread.
class AggregatorClient {
 public:
  virtual ~AggregatorClient() = default;

  virtual absl::StatusOr<v1::ListHostsResponse> Call(const v1::ListHostsRequest& request) = 0;
  virtual absl::StatusOr<v1::Host> Call(const v1::GetHostRequest& request) = 0;
  virtual absl::StatusOr<v1::ListLogsResponse> Call(const v1::ListLogsRequest& request) = 0;
  virtual absl::StatusOr<v1::AnalyzeLogsResponse> Call(const v1::AnalyzeLogsRequest& request) = 0;
  virtual absl::StatusOr<v1::QueryResponse> Call(const v1::QueryRequest& request) = 0;
  // All parts of the stream as one.
  virtual absl::StatusOr<v1::QueryRangeResponse> Call(const v1::QueryRangeRequest& request) = 0;
  virtual absl::StatusOr<v1::ListSeriesResponse> Call(const v1::ListSeriesRequest& request) = 0;
  virtual absl::StatusOr<v1::ListLabelNamesResponse> Call(
      const v1::ListLabelNamesRequest& request) = 0;
  virtual absl::StatusOr<v1::ListLabelValuesResponse> Call(
      const v1::ListLabelValuesRequest& request) = 0;
  virtual absl::StatusOr<v1::ListAlertsResponse> Call(const v1::ListAlertsRequest& request) = 0;
  virtual absl::StatusOr<v1::Alert> Call(const v1::GetAlertRequest& request) = 0;
  virtual absl::StatusOr<v1::GetAlertReportResponse> Call(
      const v1::GetAlertReportRequest& request) = 0;
  virtual absl::StatusOr<v1::ListRulesResponse> Call(const v1::ListRulesRequest& request) = 0;
  virtual absl::StatusOr<v1::CheckRulesResponse> Call(const v1::CheckRulesRequest& request) = 0;
  virtual absl::StatusOr<v1::TestRulesResponse> Call(const v1::TestRulesRequest& request) = 0;
  virtual absl::StatusOr<v1::GetStatusResponse> Call(const v1::GetStatusRequest& request) = 0;
  virtual absl::StatusOr<v1::CreateSnapshotResponse> Call(
      const v1::CreateSnapshotRequest& request) = 0;
  virtual absl::StatusOr<v1::GetCardinalityResponse> Call(
      const v1::GetCardinalityRequest& request) = 0;
  virtual absl::StatusOr<v1::DeleteSeriesResponse> Call(const v1::DeleteSeriesRequest& request) = 0;
};

// Calls `client` for page after page and returns them as one; `items` gives the repeated field of
// a page. INTERNAL: a page names itself as the next.
template <typename Response, typename Request, typename Items>
absl::StatusOr<Response> CallForAllPages(AggregatorClient& client, Request request, Items items) {
  Response all;
  while (true) {
    absl::StatusOr<Response> page = client.Call(request);
    if (!page.ok()) return std::move(page).status();
    items(all)->MergeFrom(*items(*page));
    if (page->next_page_token().empty()) return all;
    if (page->next_page_token() == request.page_token()) {
      return absl::InternalError("the aggregator names a page as its own successor; this is a bug");
    }
    request.set_page_token(page->next_page_token());
  }
}

}  // namespace ora::cli
