// The rule files that the configuration names.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "aggregator/rules/rule_group.h"
#include "ora/config/v1/aggregator_config.pb.h"
#include "storage/env/file_system.h"

namespace ora::aggregator {

// The groups of every file of `rules.files`. The last part of a path may hold `*` and `?`; a
// pattern may match nothing.
//
// INVALID_ARGUMENT names file, line, column and rule: one mistake a line. NOT_FOUND,
// PERMISSION_DENIED: the file.
absl::StatusOr<std::vector<RuleGroupOptions>> LoadRules(const config::v1::AggregatorConfig& config,
                                                        storage::FileSystem& file_system);

}  // namespace ora::aggregator
