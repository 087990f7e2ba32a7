// Where a store keeps its files.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::storage {

struct StorageUri {
  std::string directory;  // Absolute, without a final slash.

  // Reads `file:///absolute/directory`. INVALID_ARGUMENT: anything else.
  static absl::StatusOr<StorageUri> Parse(absl::string_view uri);
};

}  // namespace ora::storage
