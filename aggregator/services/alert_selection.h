// Which alerts a request means.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ora/v1/alert_service.pb.h"

namespace ora::aggregator {

// Those of `alerts` that the request's filters let through, a page of them, in the same order.
absl::StatusOr<v1::ListAlertsResponse> SelectAlerts(std::vector<v1::Alert> alerts,
                                                    const v1::ListAlertsRequest& request);

// The one whose id begins with `prefix`. NOT_FOUND: there is none. INVALID_ARGUMENT: several, which
// are named.
absl::StatusOr<v1::Alert> FindAlert(const std::vector<v1::Alert>& alerts, absl::string_view prefix);

}  // namespace ora::aggregator
