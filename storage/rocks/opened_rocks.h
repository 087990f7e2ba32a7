// Opens RocksDB with all the families that are on disk, and puts right what keeps it from opening.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "storage/rocks/database.h"
#include "storage/rocks/database_options.h"

namespace ora::storage {

struct OpenedRocks {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<std::string> names;  // Of the families; a handle each.
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
};

// As Database::Open. `options` must outlive the database.
absl::StatusOr<OpenedRocks> OpenRocks(const std::string& directory, const DatabaseOptions& options,
                                      const DamageReport& report);

absl::string_view NameOf(Family family);

// Absent: it is none of those that are always there.
absl::optional<Family> FamilyOf(absl::string_view name);

}  // namespace ora::storage
