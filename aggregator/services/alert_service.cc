#include "aggregator/services/alert_service.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "aggregator/rules/alert_report.h"
#include "aggregator/services/alert_selection.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {

grpc::ServerUnaryReactor* AlertService::ListAlerts(grpc::CallbackServerContext*,
                                                   const v1::ListAlertsRequest* request,
                                                   v1::ListAlertsResponse* response) {
  return UnaryCall::Start(environment_, [=, this](const CallLife&) -> absl::Status {
    ORA_RETURN_IF_ERROR(contract::Validate(*request));
    ORA_ASSIGN_OR_RETURN(*response, SelectAlerts(rules_.Alerts(), *request));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AlertService::GetAlert(grpc::CallbackServerContext*,
                                                 const v1::GetAlertRequest* request,
                                                 v1::Alert* response) {
  return UnaryCall::Start(environment_, [=, this](const CallLife&) -> absl::Status {
    ORA_RETURN_IF_ERROR(contract::Validate(*request));
    ORA_ASSIGN_OR_RETURN(*response, FindAlert(rules_.Alerts(), request->id()));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AlertService::GetAlertReport(grpc::CallbackServerContext*,
                                                       const v1::GetAlertReportRequest* request,
                                                       v1::GetAlertReportResponse* response) {
  return UnaryCall::Start(environment_, [=, this](const CallLife&) -> absl::Status {
    ORA_RETURN_IF_ERROR(contract::Validate(*request));
    std::vector<v1::Alert> alerts = rules_.Alerts();
    if (request->id().empty()) {
      std::erase_if(alerts, [](const v1::Alert& alert) {
        return alert.state() != v1::ALERT_STATE_FIRING && alert.state() != v1::ALERT_STATE_UNKNOWN;
      });
    } else {
      ORA_ASSIGN_OR_RETURN(v1::Alert alert, FindAlert(alerts, request->id()));
      alerts = {std::move(alert)};
    }
    std::vector<std::string> texts;
    for (const v1::Alert& alert : alerts) {
      *response->add_reports() = MakeAlertReport(alert, environment_.clock.Now());
      texts.push_back(AlertReportMarkdown(*response->reports().rbegin()));
    }
    response->set_markdown(absl::StrJoin(texts, "\n"));
    return absl::OkStatus();
  });
}

}  // namespace ora::aggregator
