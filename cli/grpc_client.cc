#include "cli/grpc_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <chrono>
#include <utility>

#include "ora/v1/admin_service.grpc.pb.h"
#include "ora/v1/alert_service.grpc.pb.h"
#include "ora/v1/fleet_service.grpc.pb.h"
#include "ora/v1/log_service.grpc.pb.h"
#include "ora/v1/query_service.grpc.pb.h"
#include "ora/v1/rule_service.grpc.pb.h"
#include "proto/status/grpc_status.h"
#include "proto/status/status_macros.h"
#include "proto/transport/channel.h"

namespace ora::cli {
namespace {

class GrpcClient : public AggregatorClient {
 public:
  GrpcClient(const std::shared_ptr<grpc::Channel>& channel, absl::Time deadline)
      : deadline_(deadline),
        admin_(v1::AdminService::NewStub(channel)),
        alerts_(v1::AlertService::NewStub(channel)),
        fleet_(v1::FleetService::NewStub(channel)),
        logs_(v1::LogService::NewStub(channel)),
        query_(v1::QueryService::NewStub(channel)),
        rules_(v1::RuleService::NewStub(channel)) {}

  absl::StatusOr<v1::ListHostsResponse> Call(const v1::ListHostsRequest& request) override {
    return CallOnce(*fleet_, &v1::FleetService::Stub::ListHosts, request);
  }
  absl::StatusOr<v1::Host> Call(const v1::GetHostRequest& request) override {
    return CallOnce(*fleet_, &v1::FleetService::Stub::GetHost, request);
  }
  absl::StatusOr<v1::ListLogsResponse> Call(const v1::ListLogsRequest& request) override {
    return CallOnce(*logs_, &v1::LogService::Stub::ListLogs, request);
  }
  absl::StatusOr<v1::AnalyzeLogsResponse> Call(const v1::AnalyzeLogsRequest& request) override {
    return CallOnce(*logs_, &v1::LogService::Stub::AnalyzeLogs, request);
  }
  absl::StatusOr<v1::QueryResponse> Call(const v1::QueryRequest& request) override {
    return CallOnce(*query_, &v1::QueryService::Stub::Query, request);
  }

  absl::StatusOr<v1::QueryRangeResponse> Call(const v1::QueryRangeRequest& request) override {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline_));
    const std::unique_ptr<grpc::ClientReader<v1::QueryRangeResponse>> parts =
        query_->QueryRange(&context, request);
    v1::QueryRangeResponse all;
    v1::QueryRangeResponse part;
    while (parts->Read(&part)) all.MergeFrom(part);
    ORA_RETURN_IF_ERROR(FromGrpc(parts->Finish()));
    return all;
  }

  absl::StatusOr<v1::ListSeriesResponse> Call(const v1::ListSeriesRequest& request) override {
    return CallOnce(*query_, &v1::QueryService::Stub::ListSeries, request);
  }
  absl::StatusOr<v1::ListLabelNamesResponse> Call(
      const v1::ListLabelNamesRequest& request) override {
    return CallOnce(*query_, &v1::QueryService::Stub::ListLabelNames, request);
  }
  absl::StatusOr<v1::ListLabelValuesResponse> Call(
      const v1::ListLabelValuesRequest& request) override {
    return CallOnce(*query_, &v1::QueryService::Stub::ListLabelValues, request);
  }
  absl::StatusOr<v1::ListAlertsResponse> Call(const v1::ListAlertsRequest& request) override {
    return CallOnce(*alerts_, &v1::AlertService::Stub::ListAlerts, request);
  }
  absl::StatusOr<v1::Alert> Call(const v1::GetAlertRequest& request) override {
    return CallOnce(*alerts_, &v1::AlertService::Stub::GetAlert, request);
  }
  absl::StatusOr<v1::GetAlertReportResponse> Call(
      const v1::GetAlertReportRequest& request) override {
    return CallOnce(*alerts_, &v1::AlertService::Stub::GetAlertReport, request);
  }
  absl::StatusOr<v1::ListRulesResponse> Call(const v1::ListRulesRequest& request) override {
    return CallOnce(*rules_, &v1::RuleService::Stub::ListRules, request);
  }
  absl::StatusOr<v1::CheckRulesResponse> Call(const v1::CheckRulesRequest& request) override {
    return CallOnce(*rules_, &v1::RuleService::Stub::CheckRules, request);
  }
  absl::StatusOr<v1::TestRulesResponse> Call(const v1::TestRulesRequest& request) override {
    return CallOnce(*rules_, &v1::RuleService::Stub::TestRules, request);
  }
  absl::StatusOr<v1::GetStatusResponse> Call(const v1::GetStatusRequest& request) override {
    return CallOnce(*admin_, &v1::AdminService::Stub::GetStatus, request);
  }
  absl::StatusOr<v1::CreateSnapshotResponse> Call(
      const v1::CreateSnapshotRequest& request) override {
    return CallOnce(*admin_, &v1::AdminService::Stub::CreateSnapshot, request);
  }
  absl::StatusOr<v1::GetCardinalityResponse> Call(
      const v1::GetCardinalityRequest& request) override {
    return CallOnce(*admin_, &v1::AdminService::Stub::GetCardinality, request);
  }
  absl::StatusOr<v1::DeleteSeriesResponse> Call(const v1::DeleteSeriesRequest& request) override {
    return CallOnce(*admin_, &v1::AdminService::Stub::DeleteSeries, request);
  }

 private:
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> CallOnce(Stub& stub,
                                    grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                 const Request&, Response*),
                                    const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline_));
    Response response;
    ORA_RETURN_IF_ERROR(FromGrpc((stub.*method)(&context, request, &response)));
    return response;
  }

  const absl::Time deadline_;
  const std::unique_ptr<v1::AdminService::Stub> admin_;
  const std::unique_ptr<v1::AlertService::Stub> alerts_;
  const std::unique_ptr<v1::FleetService::Stub> fleet_;
  const std::unique_ptr<v1::LogService::Stub> logs_;
  const std::unique_ptr<v1::QueryService::Stub> query_;
  const std::unique_ptr<v1::RuleService::Stub> rules_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AggregatorClient>> MakeGrpcClient(absl::string_view address,
                                                                 absl::Time deadline) {
  ORA_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, MakeChannel(address));
  return std::make_unique<GrpcClient>(channel, deadline);
}

}  // namespace ora::cli
