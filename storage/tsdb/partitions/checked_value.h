// The values of partitions' rows: bytes, then their CRC-32C.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::storage {

void AppendChecksum(std::string& value);

// What AppendChecksum was called with; of `value`'s life. DATA_LOSS: the checksum is wrong, or the
// value is too short for one.
absl::StatusOr<absl::string_view> CheckedBytes(absl::string_view value);

}  // namespace ora::storage
