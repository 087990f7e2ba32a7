// ora.v1.AlertService over the rule group.
#pragma once

#include "aggregator/rules/rule_group.h"
#include "aggregator/server/call.h"
#include "ora/v1/alert_service.grpc.pb.h"

namespace ora::aggregator {

// Thread-safe.
class AlertService final : public v1::AlertService::CallbackService {
 public:
  // The references must outlive the service.
  AlertService(const CallEnvironment& environment, RuleGroup& rules)
      : environment_(environment), rules_(rules) {}

  grpc::ServerUnaryReactor* ListAlerts(grpc::CallbackServerContext*,
                                       const v1::ListAlertsRequest* request,
                                       v1::ListAlertsResponse* response) override;
  grpc::ServerUnaryReactor* GetAlert(grpc::CallbackServerContext*,
                                     const v1::GetAlertRequest* request,
                                     v1::Alert* response) override;
  grpc::ServerUnaryReactor* GetAlertReport(grpc::CallbackServerContext*,
                                           const v1::GetAlertReportRequest* request,
                                           v1::GetAlertReportResponse* response) override;

 private:
  const CallEnvironment environment_;
  RuleGroup& rules_;
};

}  // namespace ora::aggregator
