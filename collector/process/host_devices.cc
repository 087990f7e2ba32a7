#include <array>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collector/process/host_records.h"

namespace ora::collector {
namespace {

using Words = std::vector<absl::string_view>;

bool AllDigits(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  return !text.empty();
}

// Partitions and devices in memory: their I/O is told by others, or is none.
bool IsMinorDisk(absl::string_view device) {
  for (const absl::string_view prefix : {"ram", "loop", "fd"}) {
    if (absl::StartsWith(device, prefix) && AllDigits(device.substr(prefix.size()))) return true;
  }
  for (const absl::string_view prefix : {"hd", "sd", "vd", "xvd"}) {
    if (absl::StartsWith(device, prefix) && device.size() > prefix.size() + 1 &&
        AllDigits(device.substr(prefix.size() + 1))) {
      return true;
    }
  }
  const size_t part = device.rfind('p');
  return absl::StartsWith(device, "nvme") && part != absl::string_view::npos &&
         AllDigits(device.substr(part + 1));
}

struct Column {
  size_t index;
  absl::string_view metric;
  double scale;
};

constexpr double kSectorBytes = 512;
constexpr double kMilli = 1e-3;

constexpr std::array<Column, 11> kDiskColumns = {
    {{3, "node_disk_reads_completed_total", 1},
     {4, "node_disk_reads_merged_total", 1},
     {5, "node_disk_read_bytes_total", kSectorBytes},
     {6, "node_disk_read_time_seconds_total", kMilli},
     {7, "node_disk_writes_completed_total", 1},
     {8, "node_disk_writes_merged_total", 1},
     {9, "node_disk_written_bytes_total", kSectorBytes},
     {10, "node_disk_write_time_seconds_total", kMilli},
     {11, "node_disk_io_now", 1},
     {12, "node_disk_io_time_seconds_total", kMilli},
     {13, "node_disk_io_time_weighted_seconds_total", kMilli}}};

// After the device's name.
constexpr std::array<Column, 8> kNetworkColumns = {{{0, "node_network_receive_bytes_total", 1},
                                                    {1, "node_network_receive_packets_total", 1},
                                                    {2, "node_network_receive_errs_total", 1},
                                                    {3, "node_network_receive_drop_total", 1},
                                                    {8, "node_network_transmit_bytes_total", 1},
                                                    {9, "node_network_transmit_packets_total", 1},
                                                    {10, "node_network_transmit_errs_total", 1},
                                                    {11, "node_network_transmit_drop_total", 1}}};

template <size_t kSize>
bool TellColumns(const std::array<Column, kSize>& columns, const Words& words,
                 absl::string_view device, HostSeries& series) {
  for (const Column& column : columns) {
    double value = 0;
    if (column.index >= words.size() || !absl::SimpleAtod(words[column.index], &value)) {
      return false;
    }
    series.Tell(column.metric, value * column.scale, {"device", device});
  }
  return true;
}

bool IsPseudoType(absl::string_view type) {
  for (const absl::string_view known :
       {"autofs",    "binfmt_misc", "bpf",      "cgroup",  "cgroup2",   "configfs",   "debugfs",
        "devpts",    "devtmpfs",    "efivarfs", "fusectl", "hugetlbfs", "iso9660",    "mqueue",
        "nsfs",      "overlay",     "proc",     "procfs",  "pstore",    "rpc_pipefs", "securityfs",
        "selinuxfs", "squashfs",    "sysfs",    "tracefs"}) {
    if (type == known) return true;
  }
  return false;
}

bool IsNetworkType(absl::string_view type) {
  return absl::StartsWith(type, "nfs") || absl::StartsWith(type, "fuse.") || type == "cifs" ||
         type == "smb3" || type == "ceph" || type == "9p" || type == "afs" || type == "glusterfs";
}

bool IsLeftOutMount(absl::string_view path) {
  for (const absl::string_view root : {"/dev", "/proc", "/sys"}) {
    if (path == root || (absl::StartsWith(path, root) && path[root.size()] == '/')) return true;
  }
  for (const absl::string_view below :
       {"/run/credentials/", "/var/lib/docker/", "/var/lib/containers/storage/"}) {
    if (absl::StartsWith(path, below)) return true;
  }
  return false;
}

// A path of mounts, where blanks and the like are written as `\040`.
std::string Unescape(absl::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const absl::string_view octal = text.substr(i + 1 < text.size() ? i + 1 : i, 3);
    if (text[i] == '\\' && octal.size() == 3 && AllDigits(octal)) {
      result.push_back(
          static_cast<char>((octal[0] - '0') * 64 + (octal[1] - '0') * 8 + (octal[2] - '0')));
      i += 3;
    } else {
      result.push_back(text[i]);
    }
  }
  return result;
}

Words SplitWords(absl::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

}  // namespace

bool TellDisks(absl::string_view text, HostSeries& series) {
  constexpr size_t kNameColumn = 2;
  bool sound = true;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const Words words = SplitWords(line);
    if (words.size() <= kNameColumn) {
      sound = false;
      continue;
    }
    if (IsMinorDisk(words[kNameColumn])) continue;
    sound = TellColumns(kDiskColumns, words, words[kNameColumn], series) && sound;
  }
  return sound;
}

bool TellNetwork(absl::string_view text, HostSeries& series) {
  bool sound = !text.empty();
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (absl::StrContains(line, "|")) continue;  // The two lines of headings.
    const size_t colon = line.rfind(':');
    if (colon == absl::string_view::npos) {
      sound = false;
      continue;
    }
    const absl::string_view device = absl::StripAsciiWhitespace(line.substr(0, colon));
    sound =
        TellColumns(kNetworkColumns, SplitWords(line.substr(colon + 1)), device, series) && sound;
  }
  return sound;
}

bool TellMounts(absl::string_view text, storage::FileSystem& files, HostSeries& series) {
  bool sound = !text.empty();
  absl::flat_hash_set<std::string> seen;  // What is mounted over hides what is below.
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const Words words = SplitWords(line);
    if (words.size() < 3) {
      sound = false;
      continue;
    }
    const std::string path = Unescape(words[1]);
    if (IsPseudoType(words[2]) || IsNetworkType(words[2]) || IsLeftOutMount(path)) continue;
    if (!seen.insert(path).second) continue;
    const absl::StatusOr<storage::FileSystemUsage> usage = files.Usage(path);
    if (!usage.ok()) {
      if (!absl::IsPermissionDenied(usage.status())) sound = false;
      continue;
    }
    const LabelPair device = {"device", words[0]};
    const LabelPair type = {"fstype", words[2]};
    const LabelPair mount = {"mountpoint", path};
    const auto tell = [&](absl::string_view metric, uint64_t value) {
      series.Tell(metric, static_cast<double>(value), device, type, mount);
    };
    tell("node_filesystem_size_bytes", usage->size_bytes);
    tell("node_filesystem_free_bytes", usage->free_bytes);
    tell("node_filesystem_avail_bytes", usage->available_bytes);
    tell("node_filesystem_files", usage->files);
    tell("node_filesystem_files_free", usage->files_free);
    tell("node_filesystem_readonly", usage->read_only ? 1 : 0);
  }
  return sound;
}

}  // namespace ora::collector
