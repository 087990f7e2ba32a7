#include "aggregator/services/process_status.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr size_t kStatBytesMax = 4'096;
// Fields of /proc/self/stat after the name in parentheses, counted from 0; see proc(5).
constexpr size_t kUserTicks = 11;
constexpr size_t kSystemTicks = 12;
constexpr size_t kThreads = 17;
constexpr size_t kResidentPages = 21;

}  // namespace

absl::StatusOr<v1::ProcessStatus> ReadProcessStatus(storage::FileSystem& files) {
  ORA_ASSIGN_OR_RETURN(const std::string stat, files.ReadWhole("/proc/self/stat", kStatBytesMax));
  const size_t name_end = stat.rfind(") ");
  const std::vector<absl::string_view> fields =
      name_end == std::string::npos
          ? std::vector<absl::string_view>()
          : absl::StrSplit(absl::string_view(stat).substr(name_end + 2), ' ');
  uint64_t user = 0;
  uint64_t system = 0;
  uint32_t threads = 0;
  uint64_t pages = 0;
  if (fields.size() <= kResidentPages || !absl::SimpleAtoi(fields[kUserTicks], &user) ||
      !absl::SimpleAtoi(fields[kSystemTicks], &system) ||
      !absl::SimpleAtoi(fields[kThreads], &threads) ||
      !absl::SimpleAtoi(fields[kResidentPages], &pages)) {
    return absl::DataLossError(absl::StrCat("/proc/self/stat: is `", stat, "`; see proc(5)"));
  }
  ORA_ASSIGN_OR_RETURN(const std::vector<storage::DirectoryEntry> descriptors,
                       files.List("/proc/self/fd"));
  v1::ProcessStatus status;
  status.set_cpu_seconds(static_cast<double>(user + system) /
                         static_cast<double>(sysconf(_SC_CLK_TCK)));
  status.set_resident_bytes(pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
  status.set_open_fds(static_cast<uint32_t>(descriptors.size()));
  status.set_threads(threads);
  return status;
}

}  // namespace ora::aggregator
