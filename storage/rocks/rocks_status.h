// RocksDB's statuses in our terms.
#pragma once

#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ora::storage {

inline rocksdb::Slice SliceOf(absl::string_view text) { return {text.data(), text.size()}; }
inline absl::string_view ViewOf(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// RESOURCE_EXHAUSTED: no space. DATA_LOSS: damage. UNAVAILABLE: anything else that the disk said.
absl::Status StatusOf(const rocksdb::Status& status, absl::string_view action);

// Of an open: FAILED_PRECONDITION too, when another process or a newer program has the directory.
absl::Status OpenStatusOf(const rocksdb::Status& status, const std::string& directory);

}  // namespace ora::storage
