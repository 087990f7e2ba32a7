// The collector's configuration, from its file.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "ora/config/v1/collector_config.pb.h"
#include "storage/env/file_system.h"

namespace ora::collector {

// What the command line says in place of the file; empty says nothing.
struct ConfigOverrides {
  std::string aggregator;
  std::string state_directory;
  std::string instance;
};

// Reads and checks the YAML file at `path`, applies `overrides` and fills in every default but who
// the host is (host_identity.h). An empty `path` is the defaults alone.
//
// INVALID_ARGUMENT names file, line, column and field, or the override. NOT_FOUND,
// PERMISSION_DENIED: the file.
absl::StatusOr<config::v1::CollectorConfig> LoadCollectorConfig(const std::string& path,
                                                                const ConfigOverrides& overrides,
                                                                storage::FileSystem& files);

}  // namespace ora::collector
