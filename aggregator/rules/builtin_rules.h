// The rules that every deployment starts with.
#pragma once

#include <vector>

#include "aggregator/rules/rule.h"
#include "ora/config/v1/aggregator_config.pb.h"

namespace ora::aggregator {

// The rules of architecture section 6 with the thresholds of `config` (defaults filled in):
// LogGrowth, LogErrorRate, LogErrorBurst, SlowResponses, ComponentMemory, ComponentCpu, HostSilent.
std::vector<AlertRule> BuiltinRules(const config::v1::AlertConfig& config);

}  // namespace ora::aggregator
