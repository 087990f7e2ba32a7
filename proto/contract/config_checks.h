// Validate() and defaults for the configuration files: the comments of proto/ora/config/v1 as code.
#pragma once

#include "absl/status/status.h"
#include "ora/config/v1/aggregator_config.pb.h"
#include "ora/config/v1/collector_config.pb.h"

namespace ora::contract {

// INVALID_ARGUMENT names the field by its path (`logs[2].include[0]`), the value and the limit.
absl::Status Validate(const config::v1::CollectorConfig& config);
absl::Status Validate(const config::v1::AggregatorConfig& config);

// Fills in every default that the schema names and that needs nothing from the host (not the
// instance, not the collector's id). Call after Validate.
void FillDefaults(config::v1::CollectorConfig& config);
void FillDefaults(config::v1::AggregatorConfig& config);

}  // namespace ora::contract
