// Rules in force as messages of the API, a page at a time.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "aggregator/rules/rule_status.h"
#include "ora/v1/rule_service.pb.h"

namespace ora::aggregator {

// `request` is validated. INVALID_ARGUMENT: its page token is none of ours.
absl::StatusOr<v1::ListRulesResponse> SelectRules(const std::vector<RuleGroupStatus>& groups,
                                                  const v1::ListRulesRequest& request);

}  // namespace ora::aggregator
