#include "storage/rocks/rocks_status.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::storage {

absl::Status StatusOf(const rocksdb::Status& status, absl::string_view action) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat("database: ", action, ": ", status.ToString());
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(message);
  if (status.IsCorruption()) return absl::DataLossError(message);
  return absl::UnavailableError(message);
}

absl::Status OpenStatusOf(const rocksdb::Status& status, const std::string& directory) {
  const std::string reason = status.ToString();
  if (status.IsIOError() && absl::StrContains(reason, "lock")) {
    return absl::FailedPreconditionError(
        absl::StrCat("store ", directory, " is in use by another process (", reason,
                     "); stop that one or choose another directory"));
  }
  if (status.IsInvalidArgument() || status.IsNotSupported()) {
    return absl::FailedPreconditionError(
        absl::StrCat("store ", directory, " was written by another version: ", reason));
  }
  return StatusOf(status, absl::StrCat("open ", directory));
}

}  // namespace ora::storage
