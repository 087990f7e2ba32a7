// StateStore in the state family of a database.
#pragma once

#include <string>
#include <vector>

#include "storage/rocks/database.h"
#include "storage/state_store.h"

namespace ora::storage {

class RocksStateStore final : public StateStore {
 public:
  // `database` must outlive the store.
  explicit RocksStateStore(Database& database) : database_(database) {}

  absl::Status Apply(const StateChanges& changes) override;
  absl::StatusOr<std::string> Get(absl::string_view kind, absl::string_view key) override;
  // DATA_LOSS: one of the records is damaged; Get tells which.
  absl::StatusOr<std::vector<StateRecord>> Scan(absl::string_view kind, absl::string_view after,
                                                size_t records_max) override;

 private:
  Database& database_;
};

}  // namespace ora::storage
