#include "storage/rocks/storage_uri.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ora::storage {

absl::StatusOr<StorageUri> StorageUri::Parse(absl::string_view uri) {
  absl::string_view path = uri;
  if (!absl::ConsumePrefix(&path, "file://") || !absl::StartsWith(path, "/")) {
    return absl::InvalidArgumentError(
        absl::StrCat("storage uri \"", uri, "\" is not of the form file:///absolute/directory"));
  }
  while (absl::EndsWith(path, "/")) path.remove_suffix(1);
  if (path.empty() || absl::StrContains(path, absl::string_view("\0", 1))) {
    return absl::InvalidArgumentError(
        absl::StrCat("storage uri \"", uri, "\" names no directory below the root"));
  }
  return StorageUri{.directory = std::string(path)};
}

}  // namespace ora::storage
