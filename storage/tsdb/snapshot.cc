#include "storage/tsdb/snapshot.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

constexpr size_t kNameBytesMax = 64;
constexpr absl::string_view kMakingSuffix = ".making";  // No name of a snapshot ends so.

absl::Status CheckName(absl::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
  if (plain && !name.empty() && name.size() <= kNameBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("snapshot name \"", absl::CHexEscape(name),
                                                 "\" is not 1 to ", kNameBytesMax,
                                                 " characters of [a-zA-Z0-9_-]"));
}

}  // namespace

Snapshots::Snapshots(Database& database, const std::string& shard_directory)
    : database_(database),
      directory_(absl::StrCat(shard_directory.substr(0, shard_directory.rfind('/')), "/snapshots")),
      shard_(shard_directory.substr(shard_directory.rfind('/') + 1)) {}

absl::Status Snapshots::RemoveHalfMade() {
  absl::MutexLock lock(&mutex_);
  for (const std::string& name : database_.files().List(directory_)) {
    if (!absl::EndsWith(name, kMakingSuffix)) continue;
    const absl::Status removed = database_.files().RemoveTree(absl::StrCat(directory_, "/", name));
    if (!removed.ok()) return removed;
  }
  return absl::OkStatus();
}

absl::StatusOr<StoreSnapshot> Snapshots::Make(const std::string& name) {
  if (absl::Status checked = CheckName(name); !checked.ok()) return checked;
  const std::string made = absl::StrCat(directory_, "/", name);
  const std::string making = absl::StrCat(made, kMakingSuffix);
  absl::MutexLock lock(&mutex_);
  if (database_.files().Exists(made)) {
    return absl::AlreadyExistsError(absl::StrCat("snapshot ", name, " is there already, in ", made,
                                                 "; choose another name or remove that directory"));
  }
  if (absl::Status copied = Copy(making, made); !copied.ok()) {
    (void)database_.files().RemoveTree(making);  // What stays of it goes at the next open.
    return absl::Status(copied.code(), absl::StrCat("snapshot ", name, ": ", copied.message()));
  }
  return StoreSnapshot{.uri = absl::StrCat("file://", made),
                       .bytes = database_.files().BytesIn(absl::StrCat(made, "/", shard_))};
}

absl::Status Snapshots::Copy(const std::string& making, const std::string& made) {
  if (absl::Status created = database_.files().CreateDirectory(directory_); !created.ok())
    return created;
  if (absl::Status removed = database_.files().RemoveTree(making); !removed.ok()) return removed;
  if (absl::Status created = database_.files().CreateDirectory(making); !created.ok())
    return created;
  if (absl::Status copied = database_.Checkpoint(absl::StrCat(making, "/", shard_)); !copied.ok()) {
    return copied;
  }
  if (absl::Status synced = database_.files().SyncDirectory(making); !synced.ok()) return synced;
  // It bears its name once it is whole, and its name is durable when the directory is synced.
  if (absl::Status renamed = database_.files().Rename(making, made); !renamed.ok()) return renamed;
  return database_.files().SyncDirectory(directory_);
}

}  // namespace ora::storage
