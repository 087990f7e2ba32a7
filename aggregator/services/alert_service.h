// ora.v1.AlertService over the rule group.
#pragma once

#include "absl/status/statusor.h"
#include "aggregator/rules/rule_book.h"
#include "aggregator/server/call.h"
#include "ora/v1/alert_service.pb.h"

namespace ora::aggregator {

// Thread-safe.
class AlertService final {
 public:
  // The references must outlive the service.
  AlertService(const CallEnvironment& environment, RuleBook& rules)
      : environment_(environment), rules_(rules) {}

  // Adds the service's methods; it must outlive the table.
  void AddTo(MethodTable& methods) const;

 private:
  absl::StatusOr<v1::ListAlertsResponse> ListAlerts(const CallLife& life,
                                                    const v1::ListAlertsRequest& request) const;
  absl::StatusOr<v1::Alert> GetAlert(const CallLife& life,
                                     const v1::GetAlertRequest& request) const;
  absl::StatusOr<v1::GetAlertReportResponse> GetAlertReport(
      const CallLife& life, const v1::GetAlertReportRequest& request) const;

  const CallEnvironment environment_;
  RuleBook& rules_;
};

}  // namespace ora::aggregator
