#include "collector/process/proc_records.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace ora::collector {
namespace {

constexpr uint64_t kKernelThreadFlag = 0x00200000;  // PF_KTHREAD.

// Fields of stat by the numbers of proc(5); the first after the name is 3.
constexpr size_t kFirstField = 3;
constexpr size_t kFlags = 9;
constexpr size_t kMajorFaults = 12;
constexpr size_t kUserTicks = 14;
constexpr size_t kSystemTicks = 15;
constexpr size_t kThreads = 20;
constexpr size_t kStartTicks = 22;
constexpr size_t kVirtualBytes = 23;
constexpr size_t kResidentPages = 24;

// The number after `name` at the beginning of a line.
absl::optional<uint64_t> NumberAfter(absl::string_view text, absl::string_view name) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    absl::string_view line = text.substr(0, end);
    text = end == absl::string_view::npos ? absl::string_view() : text.substr(end + 1);
    if (!absl::ConsumePrefix(&line, name)) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    line = line.substr(0, line.find(' '));
    uint64_t value = 0;
    if (!absl::SimpleAtoi(line, &value)) return absl::nullopt;
    return value;
  }
  return absl::nullopt;
}

}  // namespace

absl::optional<ProcStat> ParseProcStat(absl::string_view text) {
  // The name may hold blanks and parentheses; no field after it does.
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');
  if (open == absl::string_view::npos || close == absl::string_view::npos || close < open) {
    return absl::nullopt;
  }
  ProcStat stat;
  stat.comm = text.substr(open + 1, close - open - 1);
  std::array<uint64_t, kResidentPages + 1> fields{};
  size_t at = close + 1;
  for (size_t field = kFirstField; field <= kResidentPages; ++field) {
    if (at >= text.size() || text[at] != ' ') return absl::nullopt;
    ++at;
    const size_t begin = at;
    uint64_t value = 0;
    // Those that matter are not negative; of others only the place matters.
    for (; at < text.size() && text[at] != ' ' && text[at] != '\n'; ++at) {
      value = value * 10 + static_cast<uint64_t>(text[at] - '0');
    }
    if (at == begin) return absl::nullopt;
    fields[field] = value;
  }
  stat.kernel_thread = (fields[kFlags] & kKernelThreadFlag) != 0;
  stat.major_faults = fields[kMajorFaults];
  stat.cpu_ticks = fields[kUserTicks] + fields[kSystemTicks];
  stat.threads = fields[kThreads];
  stat.start_ticks = fields[kStartTicks];
  stat.virtual_bytes = fields[kVirtualBytes];
  stat.resident_pages = fields[kResidentPages];
  return stat;
}

absl::optional<ProcIo> ParseProcIo(absl::string_view text) {
  const absl::optional<uint64_t> read = NumberAfter(text, "read_bytes:");
  const absl::optional<uint64_t> write = NumberAfter(text, "write_bytes:");
  if (!read.has_value() || !write.has_value()) return absl::nullopt;
  return ProcIo{*read, *write};
}

absl::optional<uint64_t> ParseOpenFilesLimit(absl::string_view text) {
  return NumberAfter(text, "Max open files");
}

}  // namespace ora::collector
