#include "storage/rocks/rescue/rescue.h"

#include <rocksdb/sst_file_reader.h>
#include <rocksdb/utilities/ldb_cmd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/rocks/rescue/log_scan.h"
#include "storage/rocks/rescue/manifest_copies.h"

namespace ora::storage {
namespace {

constexpr absl::string_view kManifestPrefix = "MANIFEST-";
constexpr absl::string_view kTableSuffix = ".sst";
constexpr absl::string_view kLogSuffix = ".log";
constexpr absl::string_view kLost = "lost";

bool IsManifestName(absl::string_view name) {
  if (!absl::ConsumePrefix(&name, kManifestPrefix) || name.empty()) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

absl::Status DiskStatus(const rocksdb::Status& status, absl::string_view action) {
  if (status.ok()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("database: ", action, ": ", status.ToString()));
}

// "Corruption: ... /dir/000012.sst ..." names 000012.sst.
std::vector<std::string> TablesNamedIn(absl::string_view text) {
  std::vector<std::string> names;
  for (size_t at = text.find(kTableSuffix); at != absl::string_view::npos;
       at = text.find(kTableSuffix, at + 1)) {
    size_t begin = at;
    while (begin > 0 && absl::ascii_isdigit(static_cast<unsigned char>(text[begin - 1]))) --begin;
    if (begin < at) names.push_back(absl::StrCat(text.substr(begin, at - begin), kTableSuffix));
  }
  return names;
}

}  // namespace

Rescue::Rescue(std::string directory, rocksdb::Env* env, RescueReport report)
    : directory_(std::move(directory)), env_(env), report_(std::move(report)) {}

std::string Rescue::PathOf(absl::string_view name) const {
  return absl::StrCat(directory_, "/", name);
}

std::vector<std::string> Rescue::Names() const {
  std::vector<std::string> names;
  (void)env_->GetChildren(directory_, &names);
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status Rescue::BeforeOpen() {
  if (absl::Status current = RestoreCurrent(); !current.ok()) return current;
  if (absl::Status manifest = RestoreManifest(); !manifest.ok()) return manifest;
  ScanLogs();
  return absl::OkStatus();
}

absl::Status Rescue::RestoreCurrent() const {
  std::string newest;  // RocksDB deletes older ones as soon as CURRENT names the next.
  for (const std::string& name : Names()) {
    if (IsManifestName(name)) newest = name;
  }
  if (newest.empty()) return absl::OkStatus();  // A new database.
  std::string current;
  const rocksdb::Status read = rocksdb::ReadFileToString(env_, PathOf("CURRENT"), &current);
  if (read.IsIOError() && !read.IsPathNotFound()) return DiskStatus(read, "read CURRENT");
  absl::string_view named = current;
  const bool whole = absl::ConsumeSuffix(&named, "\n") && IsManifestName(named) &&
                     env_->FileExists(PathOf(named)).ok();
  if (whole) return absl::OkStatus();
  // Between the first manifest and the first CURRENT a crash leaves no CURRENT, and nothing lost.
  if (read.ok()) {
    report_(absl::StrCat("file ", PathOf("CURRENT")),
            absl::StrCat("it names \"", absl::CHexEscape(current), "\", which is no file; ", newest,
                         " is taken, and nothing is lost"));
  }
  return Replace("CURRENT", absl::StrCat(newest, "\n"));
}

absl::Status Rescue::RestoreManifest() const {
  std::string current;
  if (!rocksdb::ReadFileToString(env_, PathOf("CURRENT"), &current).ok()) return absl::OkStatus();
  const std::string name(absl::StripSuffix(current, "\n"));
  std::string own;
  std::string copy;
  const rocksdb::Status read = rocksdb::ReadFileToString(env_, PathOf(name), &own);
  if (!read.ok()) return DiskStatus(read, absl::StrCat("read ", name));
  const std::string copy_name = absl::StrCat(name, kManifestCopySuffix);
  const bool has_copy = rocksdb::ReadFileToString(env_, PathOf(copy_name), &copy).ok();
  if (has_copy && own == copy) return absl::OkStatus();
  const LogScan own_scan = ScanLog(own);
  const LogScan copy_scan = ScanLog(copy);
  if (has_copy && own_scan.damage().empty() && !copy_scan.damage().empty()) {
    report_(absl::StrCat("file ", PathOf(copy_name)),
            "it is damaged; what it is a copy of is whole, and nothing is lost");
    return absl::OkStatus();
  }
  // What is only cut off is what a crash leaves.
  const bool shorter = own_scan.whole_bytes() < copy_scan.whole_bytes();
  if (!shorter && own_scan.damage().empty()) return absl::OkStatus();
  if (!shorter) {
    report_(absl::StrCat("file ", PathOf(name)),
            absl::StrCat(own_scan.damage()[0].reason, " at byte ", own_scan.damage()[0].offset,
                         ", and its copy does not reach further"));
    return absl::OkStatus();
  }
  report_(absl::StrCat("file ", PathOf(name)),
          absl::StrCat("it is whole up to byte ", own_scan.whole_bytes(), " of ", own.size(),
                       "; its copy is taken, and nothing is lost"));
  if (absl::Status moved = MoveToLost(name); !moved.ok()) return moved;
  return Replace(name, copy.substr(0, copy_scan.whole_bytes()));
}

void Rescue::ScanLogs() const {
  for (const std::string& name : Names()) {
    if (!absl::EndsWith(name, kLogSuffix)) continue;
    std::unique_ptr<rocksdb::SequentialFile> file;
    if (!env_->NewSequentialFile(PathOf(name), &file, rocksdb::EnvOptions()).ok()) continue;
    LogScan scan;
    std::string space(kLogBlockBytes, '\0');
    rocksdb::Slice block;
    while (file->Read(kLogBlockBytes, &block, space.data()).ok() && !block.empty()) {
      scan.Block({block.data(), block.size()});
    }
    for (const LogDamage& damage : scan.damage()) {
      report_(absl::StrCat("file ", PathOf(name), ", ", damage.bytes, " bytes from byte ",
                           damage.offset, " on"),
              absl::StrCat(damage.reason,
                           "; the batches and rows that are wholly or partly in them are lost"));
    }
  }
}

std::string Rescue::WhyUnreadable(const std::string& table) const {
  rocksdb::Options options;
  options.env = env_;
  rocksdb::SstFileReader reader(options);
  rocksdb::Status opened = reader.Open(PathOf(table));
  if (opened.ok() && reader.GetTableProperties() == nullptr) {
    opened = rocksdb::Status::Corruption("its properties cannot be read");
  }
  return opened.ok() ? "" : opened.ToString();
}

std::vector<DamagedTable> Rescue::DamagedTables(rocksdb::DB& db) const {
  std::vector<rocksdb::LiveFileMetaData> live;
  db.GetLiveFilesMetaData(&live);
  std::vector<DamagedTable> damaged;
  for (const rocksdb::LiveFileMetaData& file : live) {
    const std::string name(absl::StripPrefix(file.name, "/"));
    std::string reason = WhyUnreadable(name);
    if (reason.empty()) continue;
    damaged.push_back(
        {name, std::move(reason),
         absl::StrCat(" of family ", file.column_family_name, ", ", file.size,
                      " bytes of rows from ", absl::BytesToHexString(file.smallestkey), " to ",
                      absl::BytesToHexString(file.largestkey))});
  }
  return damaged;
}

std::vector<DamagedTable> Rescue::DamagedTables(absl::string_view reason) const {
  std::vector<std::string> names = TablesNamedIn(reason);
  for (std::string& name : Names()) {
    if (absl::EndsWith(name, kTableSuffix)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<DamagedTable> damaged;
  for (const std::string& name : names) {
    if (std::string why = WhyUnreadable(name); !why.empty()) {
      damaged.push_back({name, std::move(why), ""});
    }
  }
  return damaged;
}

absl::Status Rescue::SetAside(const std::vector<DamagedTable>& tables,
                              const rocksdb::DBOptions& options,
                              const std::vector<rocksdb::ColumnFamilyDescriptor>& families) const {
  for (const DamagedTable& table : tables) {
    const std::string number(absl::StripSuffix(table.name, kTableSuffix));
    const std::unique_ptr<rocksdb::LDBCommand> remove(rocksdb::LDBCommand::InitFromCmdLineArgs(
        {absl::StrCat("--db=", directory_), "unsafe_remove_sst_file", number},
        rocksdb::Options(options, rocksdb::ColumnFamilyOptions()), rocksdb::LDBOptions(),
        &families));
    if (remove == nullptr) return absl::InternalError("database: no command removes a table");
    remove->Run();
    // One that no manifest names is what a crash left half written, and no loss.
    const bool known = !remove->GetExecuteState().IsFailed();
    if (!env_->FileExists(PathOf(table.name)).ok() || MoveToLost(table.name).ok()) {
      if (known) {
        report_(absl::StrCat("file ", PathOf(table.name), table.rows),
                absl::StrCat(table.reason, "; the file is set aside in ", PathOf(kLost)));
      }
      continue;
    }
    return absl::UnavailableError(
        absl::StrCat("database: file ", PathOf(table.name), " is damaged and cannot be set aside"));
  }
  return absl::OkStatus();
}

void Rescue::RestoreIdentity(rocksdb::DB& db) const {
  std::string known;
  std::string written;
  if (!db.GetDbIdentity(known).ok()) return;
  (void)rocksdb::ReadFileToString(env_, PathOf("IDENTITY"), &written);
  if (absl::StripAsciiWhitespace(written) == absl::StripAsciiWhitespace(known)) return;
  report_(absl::StrCat("file ", PathOf("IDENTITY")),
          "it is not what the manifest says; it is written anew, and nothing is lost");
  (void)Replace("IDENTITY", known);
}

absl::Status Rescue::MoveToLost(const std::string& name) const {
  (void)env_->CreateDirIfMissing(PathOf(kLost));
  return DiskStatus(env_->RenameFile(PathOf(name), PathOf(absl::StrCat(kLost, "/", name))),
                    absl::StrCat("set ", name, " aside"));
}

absl::Status Rescue::Replace(const std::string& name, const std::string& bytes) const {
  const std::string beside = PathOf(absl::StrCat(name, ".rescue"));
  rocksdb::Status written = rocksdb::WriteStringToFile(env_, bytes, beside, /*should_sync=*/true);
  if (written.ok()) written = env_->RenameFile(beside, PathOf(name));
  std::unique_ptr<rocksdb::Directory> directory;
  if (written.ok()) written = env_->NewDirectory(directory_, &directory);
  if (written.ok()) written = directory->Fsync();
  return DiskStatus(written, absl::StrCat("write ", name, " anew"));
}

}  // namespace ora::storage
