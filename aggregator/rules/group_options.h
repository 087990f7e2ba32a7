// What a group is configured to be: checks of it, and what is told of it before anything happened.
#pragma once

#include "absl/status/status.h"
#include "aggregator/rules/rule_group.h"
#include "aggregator/rules/rule_status.h"

namespace ora::aggregator {

// INVALID_ARGUMENT: a name or interval that is none, a rule that is there twice, recordings without
// a place to go.
absl::Status CheckOptions(const RuleGroupOptions& options);

// The group's rules in their order, none evaluated.
RuleGroupStatus Configured(const RuleGroupOptions& options);

}  // namespace ora::aggregator
