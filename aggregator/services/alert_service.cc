#include "aggregator/services/alert_service.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "aggregator/rules/alert_report.h"
#include "aggregator/services/alert_selection.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {

void AlertService::AddTo(MethodTable& methods) const {
  ServiceMethods<const AlertService> service(methods, "ora.v1.AlertService", environment_, *this);
  service.AddUnary("ListAlerts", &AlertService::ListAlerts);
  service.AddUnary("GetAlert", &AlertService::GetAlert);
  service.AddUnary("GetAlertReport", &AlertService::GetAlertReport);
}

absl::StatusOr<v1::ListAlertsResponse> AlertService::ListAlerts(
    const CallLife&, const v1::ListAlertsRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  return SelectAlerts(rules_.Alerts(), request);
}

absl::StatusOr<v1::Alert> AlertService::GetAlert(const CallLife&,
                                                 const v1::GetAlertRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  return FindAlert(rules_.Alerts(), request.id());
}

absl::StatusOr<v1::GetAlertReportResponse> AlertService::GetAlertReport(
    const CallLife&, const v1::GetAlertReportRequest& request) const {
  v1::GetAlertReportResponse response;
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  std::vector<v1::Alert> alerts = rules_.Alerts();
  if (request.id().empty()) {
    std::erase_if(alerts, [](const v1::Alert& alert) {
      return alert.state() != v1::ALERT_STATE_FIRING && alert.state() != v1::ALERT_STATE_UNKNOWN;
    });
  } else {
    ORA_ASSIGN_OR_RETURN(v1::Alert alert, FindAlert(alerts, request.id()));
    alerts = {std::move(alert)};
  }
  std::vector<std::string> texts;
  for (const v1::Alert& alert : alerts) {
    *response.add_reports() = MakeAlertReport(alert, environment_.clock.Now());
    texts.push_back(AlertReportMarkdown(*response.reports().rbegin()));
  }
  response.set_markdown(absl::StrJoin(texts, "\n"));
  return response;
}

}  // namespace ora::aggregator
