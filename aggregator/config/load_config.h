// The aggregator's configuration, from its file.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "ora/config/v1/aggregator_config.pb.h"
#include "storage/env/file_system.h"

namespace ora::aggregator {

// Reads and checks the YAML file at `path` and fills in every default; an empty `path` is the
// defaults alone.
//
// INVALID_ARGUMENT names file, line, column and field. NOT_FOUND, PERMISSION_DENIED: the file.
absl::StatusOr<config::v1::AggregatorConfig> LoadAggregatorConfig(const std::string& path,
                                                                  storage::FileSystem& file_system);

}  // namespace ora::aggregator
