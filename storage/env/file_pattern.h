// Paths with `*` and `?` in their last part.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/env/file_system.h"

namespace ora::storage {

// The files that a path means, sorted; a path without `*`, `?` and `[` means itself, whether it is
// there or not. Errors are those of the directory's listing.
absl::StatusOr<std::vector<std::string>> FilesOf(const std::string& pattern,
                                                 FileSystem& file_system);

}  // namespace ora::storage
