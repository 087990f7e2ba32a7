// Who this host is: what the configuration leaves to it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "ora/config/v1/collector_config.pb.h"
#include "ora/v1/ingest_service.pb.h"
#include "storage/env/file_system.h"

namespace ora::collector {

// Where the host tells about itself; other directories in tests.
struct HostRoots {
  std::string proc = "/proc";
  std::string sys = "/sys";
  std::string etc = "/etc";
};

// Sets `instance` to the host's name where it is empty, and `collector_id` to the machine's id.
// Where the machine has none (a container), an id is told by chance once and kept in the state
// directory, which is made. An error names the file, and the setting that makes it unnecessary.
absl::Status ResolveIdentity(const HostRoots& roots, storage::FileSystem& files,
                             config::v1::CollectorConfig& config);

// As far as the host tells.
v1::HostDescription DescribeHost(const HostRoots& roots, storage::FileSystem& files);

}  // namespace ora::collector
