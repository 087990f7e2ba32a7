// The records of /proc/PID as numbers.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace ora::collector {

// /proc/PID/stat, as far as it matters.
struct ProcStat {
  absl::string_view comm;  // Points into the text.
  bool kernel_thread = false;
  uint64_t major_faults = 0;
  uint64_t cpu_ticks = 0;  // In user and kernel mode, without its children's.
  uint64_t threads = 0;
  uint64_t start_ticks = 0;  // Since boot.
  uint64_t virtual_bytes = 0;
  uint64_t resident_pages = 0;
};
absl::optional<ProcStat> ParseProcStat(absl::string_view text);

// /proc/PID/io: what went through to storage.
struct ProcIo {
  uint64_t read_bytes = 0;
  uint64_t write_bytes = 0;
};
absl::optional<ProcIo> ParseProcIo(absl::string_view text);

// The soft limit of open files in /proc/PID/limits; none if it is unlimited.
absl::optional<uint64_t> ParseOpenFilesLimit(absl::string_view text);

}  // namespace ora::collector
