#include "storage/rocks/opened_rocks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/rocks/rescue/rescue.h"
#include "storage/rocks/rocks_status.h"

namespace ora::storage {
namespace {

constexpr absl::string_view kFamilyNames[kFamilies] = {"meta",  "series", "batches",
                                                       "marks", "state",  "mirror"};
constexpr int kRescuesMax = 3;  // Opens that may find more damaged tables than the one before.

rocksdb::ColumnFamilyOptions OptionsOf(const DatabaseOptions& options, absl::string_view name) {
  if (const absl::optional<Family> family = FamilyOf(name)) return options.Of(*family);
  if (const absl::optional<PartitionId> id = PartitionId::Parse(name)) {
    return options.Of(id->resolution);
  }
  return options.OfStranger();
}

// Those that are on disk, and the ones that must be. RocksDB says of a directory without a database
// that its CURRENT file is not there.
absl::StatusOr<std::vector<std::string>> FamiliesIn(const std::string& directory,
                                                    const DatabaseOptions& options) {
  std::vector<std::string> names;
  if (options.db().env->FileExists(absl::StrCat(directory, "/CURRENT")).ok()) {
    const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(options.db(), directory, &names);
    if (!listed.ok()) return OpenStatusOf(listed, directory);
  }
  const auto add = [&names](absl::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  };
  add(rocksdb::kDefaultColumnFamilyName);
  for (const absl::string_view name : kFamilyNames) add(name);
  return names;
}

// The rescue changes files, so nobody may have them open.
absl::Status BeforeOpen(const std::string& directory, const DatabaseOptions& options,
                        Rescue& rescue) {
  rocksdb::Env* env = options.db().env;
  (void)env->CreateDirIfMissing(directory);
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status locked = env->LockFile(absl::StrCat(directory, "/LOCK"), &lock);
  if (!locked.ok()) return OpenStatusOf(locked, directory);
  const absl::Status rescued = rescue.BeforeOpen();
  (void)env->UnlockFile(lock);
  return rescued;
}

void Close(OpenedRocks& opened) {
  for (rocksdb::ColumnFamilyHandle* handle : opened.handles) {
    (void)opened.db->DestroyColumnFamilyHandle(handle);
  }
  opened.handles.clear();
  (void)opened.db->Close();
  opened.db.reset();
}

}  // namespace

absl::string_view NameOf(Family family) { return kFamilyNames[static_cast<size_t>(family)]; }

absl::optional<Family> FamilyOf(absl::string_view name) {
  for (size_t i = 0; i < kFamilies; ++i) {
    if (name == kFamilyNames[i]) return static_cast<Family>(i);
  }
  return absl::nullopt;
}

absl::StatusOr<OpenedRocks> OpenRocks(const std::string& directory, const DatabaseOptions& options,
                                      const DamageReport& report) {
  Rescue rescue(directory, options.db().env, report);
  if (absl::Status ready = BeforeOpen(directory, options, rescue); !ready.ok()) return ready;
  for (int rescues = 0;; ++rescues) {
    OpenedRocks opened;
    absl::StatusOr<std::vector<std::string>> names = FamiliesIn(directory, options);
    if (!names.ok()) return names.status();
    opened.names = *std::move(names);
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : opened.names) {
      families.emplace_back(name, OptionsOf(options, name));
    }
    rocksdb::DB* raw = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::Open(options.db(), directory, families, &opened.handles, &raw);
    opened.db.reset(raw);
    std::vector<DamagedTable> damaged;
    if (status.ok()) {
      damaged = rescue.DamagedTables(*opened.db);
      if (damaged.empty()) {
        rescue.RestoreIdentity(*opened.db);
        return opened;
      }
      Close(opened);
    } else {
      const absl::Status refused = OpenStatusOf(status, directory);
      if (absl::IsFailedPrecondition(refused)) return refused;
      damaged = rescue.DamagedTables(status.ToString());
      if (damaged.empty()) return refused;
    }
    if (rescues == kRescuesMax) {
      return absl::DataLossError(absl::StrCat("store ", directory, " has damaged files that come ",
                                              "back, such as ", damaged[0].name, ": ",
                                              damaged[0].reason, "; start from a snapshot"));
    }
    const absl::Status aside = rescue.SetAside(damaged, options.db(), families);
    if (!aside.ok()) return aside;
  }
}

}  // namespace ora::storage
