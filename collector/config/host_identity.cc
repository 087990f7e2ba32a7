#include "collector/config/host_identity.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "proto/contract/limits.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::collector {
namespace {

constexpr size_t kSmallFileBytesMax = 4096;
constexpr size_t kProcFileBytesMax = size_t{1} << 20;
constexpr size_t kMachineIdBytes = 32;
constexpr absl::string_view kIdFile = "collector-id";

bool IsCollectorId(absl::string_view id) {
  return !id.empty() && id.size() <= contract::kCollectorIdBytesMax &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
         });
}

// The text without blanks around it; empty if the file cannot be read.
std::string ReadWord(storage::FileSystem& files, const std::string& path) {
  absl::StatusOr<std::string> text = files.ReadWhole(path, kSmallFileBytesMax);
  if (!text.ok()) return "";
  return std::string(absl::StripAsciiWhitespace(*text));
}

absl::StatusOr<std::string> KeptId(const HostRoots& roots, const std::string& directory,
                                   storage::FileSystem& files) {
  const std::string path = absl::StrCat(directory, "/", kIdFile);
  const absl::StatusOr<std::string> kept = files.ReadWhole(path, kSmallFileBytesMax);
  if (kept.ok()) {
    std::string id(absl::StripAsciiWhitespace(*kept));
    if (IsCollectorId(id)) return id;
    return absl::FailedPreconditionError(
        absl::StrCat(path, " holds no id of [a-z0-9-]; delete it or set collector_id"));
  }
  if (!absl::IsNotFound(kept.status())) return Annotate(kept.status(), "collector_id");
  // The kernel's source of chance: a new one at each read.
  std::string id = ReadWord(files, absl::StrCat(roots.proc, "/sys/kernel/random/uuid"));
  if (!IsCollectorId(id)) {
    return absl::FailedPreconditionError(
        absl::StrCat("this host has no machine-id and ", roots.proc,
                     "/sys/kernel/random/uuid tells none; set collector_id in the configuration"));
  }
  ORA_RETURN_IF_ERROR(files.CreateDirectories(directory));
  ORA_RETURN_IF_ERROR(files.ReplaceWhole(path, id + "\n"));
  return id;
}

// `TEXT` of a line `NAME="TEXT"`.
std::string QuotedValue(absl::string_view text, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, name) || !absl::ConsumePrefix(&line, "=")) continue;
    return std::string(absl::StripPrefix(absl::StripSuffix(line, "\""), "\""));
  }
  return "";
}

// The number behind `name` at the beginning of a line.
uint64_t NumberAfter(absl::string_view text, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, name)) continue;
    const absl::string_view rest = absl::StripLeadingAsciiWhitespace(line);
    uint64_t number = 0;
    if (absl::SimpleAtoi(rest.substr(0, rest.find(' ')), &number)) return number;
  }
  return 0;
}

}  // namespace

absl::Status ResolveIdentity(const HostRoots& roots, storage::FileSystem& files,
                             config::v1::CollectorConfig& config) {
  if (config.instance().empty()) {
    const std::string path = absl::StrCat(roots.proc, "/sys/kernel/hostname");
    std::string name = ReadWord(files, path);
    if (name.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " names no host; set instance in the configuration"));
    }
    config.set_instance(std::move(name));
  }
  if (!config.collector_id().empty()) return absl::OkStatus();
  std::string id = ReadWord(files, absl::StrCat(roots.etc, "/machine-id"));
  if (id.size() == kMachineIdBytes && IsCollectorId(id)) {  // Else "uninitialized", say.
    config.set_collector_id(std::move(id));
    return absl::OkStatus();
  }
  ORA_ASSIGN_OR_RETURN(*config.mutable_collector_id(),
                       KeptId(roots, config.state_directory(), files));
  return absl::OkStatus();
}

v1::HostDescription DescribeHost(const HostRoots& roots, storage::FileSystem& files) {
  v1::HostDescription host;
  const auto os = files.ReadWhole(absl::StrCat(roots.etc, "/os-release"), kProcFileBytesMax);
  if (os.ok()) {
    host.set_operating_system(
        QuotedValue(*os, "PRETTY_NAME").substr(0, contract::kOperatingSystemBytesMax));
  }
  host.set_kernel(ReadWord(files, absl::StrCat(roots.proc, "/sys/kernel/osrelease"))
                      .substr(0, contract::kKernelBytesMax));
  const auto stat = files.ReadWhole(absl::StrCat(roots.proc, "/stat"), kProcFileBytesMax);
  if (stat.ok()) {
    for (absl::string_view line : absl::StrSplit(*stat, '\n')) {
      if (absl::ConsumePrefix(&line, "cpu") && !line.empty() && absl::ascii_isdigit(line[0])) {
        host.set_cpu_count(host.cpu_count() + 1);
      }
    }
    host.mutable_boot_time()->set_seconds(static_cast<int64_t>(NumberAfter(*stat, "btime")));
  }
  const auto memory = files.ReadWhole(absl::StrCat(roots.proc, "/meminfo"), kProcFileBytesMax);
  if (memory.ok()) host.set_memory_bytes(NumberAfter(*memory, "MemTotal:") * 1024);
  return host;
}

}  // namespace ora::collector
