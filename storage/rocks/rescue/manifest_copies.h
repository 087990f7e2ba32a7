// A second copy of RocksDB's manifest: the one file without which nothing can be found.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace ora::storage {

// Names RocksDB takes for none of its own.
inline constexpr absl::string_view kManifestCopySuffix = ".copy";

// `target`, with every file whose name begins with MANIFEST- written twice: itself, and then a copy
// beside it. The copy's own errors are not told: it is missing then, or shorter.
std::shared_ptr<rocksdb::FileSystem> WithManifestCopies(
    std::shared_ptr<rocksdb::FileSystem> target);

}  // namespace ora::storage
