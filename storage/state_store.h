// Small durable records that are not samples: alerts, hosts, later sessions and commands.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace ora::storage {

struct StateRecord {
  std::string key;    // 1 to 512 bytes, unique within its kind.
  std::string value;  // At most 1 MiB; a version byte and the owner's bytes, or as the owner says.
};

// Changes that become durable together.
struct StateChanges {
  struct Change {
    std::string kind;  // Whose record: 1 to 32 bytes of [a-z_].
    std::string key;
    absl::optional<std::string> value;  // Absent: delete.
  };
  std::vector<Change> changes;
};

// Thread-safe. Writes return when durable.
class StateStore {
 public:
  virtual ~StateStore() = default;

  // All of `changes` or none. INVALID_ARGUMENT: a kind, key or value out of range.
  // RESOURCE_EXHAUSTED: no space. UNAVAILABLE: the disk refused.
  virtual absl::Status Apply(const StateChanges& changes) = 0;

  // NOT_FOUND: there is none. DATA_LOSS: its checksum is wrong.
  virtual absl::StatusOr<std::string> Get(absl::string_view kind, absl::string_view key) = 0;

  // Records of a kind whose key is `after` or later (exclusive unless empty), by key, at most
  // `records_max`.
  virtual absl::StatusOr<std::vector<StateRecord>> Scan(absl::string_view kind,
                                                        absl::string_view after,
                                                        size_t records_max) = 0;
};

}  // namespace ora::storage
