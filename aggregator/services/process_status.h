// What this process uses, as the kernel tells it.
#pragma once

#include "absl/status/statusor.h"
#include "ora/v1/admin_service.pb.h"
#include "storage/env/file_system.h"

namespace ora::aggregator {

// From /proc/self. DATA_LOSS: the kernel's text is not as expected.
absl::StatusOr<v1::ProcessStatus> ReadProcessStatus(storage::FileSystem& files);

}  // namespace ora::aggregator
