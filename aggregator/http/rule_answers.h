// `rules` and `alerts` of Prometheus's API.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "aggregator/http/http_server.h"
#include "aggregator/http/parameters.h"
#include "aggregator/rules/rule_status.h"

namespace ora::aggregator {

// The groups that `type`, `rule_name[]`, `rule_group[]` and `file[]` leave; INVALID_ARGUMENT: a
// type or `exclude_alerts` that is none.
absl::StatusOr<HttpResponse> RulesAnswer(const std::vector<RuleGroupStatus>& groups,
                                         const Parameters& parameters);

// Every alert that is pending or firing; one whose host is silent fires on.
HttpResponse AlertsAnswer(const std::vector<RuleGroupStatus>& groups);

}  // namespace ora::aggregator
