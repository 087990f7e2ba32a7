// count-lines FILE...: what the collector counts in the files, read in blocks of 256 KiB as it
// reads them; one line of figures on standard output, with the CPU time of all of it.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "collector/classify/log_accounts.h"
#include "tests/unit/collector/recording_sink.h"

namespace {

constexpr size_t kBlockBytes = size_t{256} << 10;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

bool CountFile(const char* path, ora::collector::LogAccounts& accounts, ora::collector::LogId log) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    perror(path);
    return false;
  }
  accounts.OnLog(log, {path, "bench", "application"}, ora::collector::LogOrigin::kFirstScan);
  std::vector<char> buffer(kBlockBytes);
  size_t held = 0;  // Of a line whose end is not read yet.
  while (true) {
    if (held == buffer.size()) buffer.resize(2 * held);
    const ssize_t got = read(file, buffer.data() + held, buffer.size() - held);
    if (got <= 0) break;
    const absl::string_view text(buffer.data(), held + static_cast<size_t>(got));
    const size_t end = text.rfind('\n') + 1;  // 0 without any.
    accounts.OnLines(log, text.substr(0, end));
    held = text.size() - end;
    std::copy(text.begin() + static_cast<ptrdiff_t>(end), text.end(), buffer.begin());
  }
  if (held > 0) accounts.OnLines(log, {buffer.data(), held});
  close(file);
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  ora::collector::LogAccounts accounts({});
  const double before = CpuSeconds();
  for (int i = 1; i < count; ++i) {
    if (!CountFile(arguments[i], accounts, static_cast<ora::collector::LogId>(i))) return 1;
  }
  const double cpu_seconds = CpuSeconds() - before;
  ora::collector::RecordingSink sink;
  accounts.EmitTo(sink);
  accounts.Commit();
  sink.BeginTick();
  accounts.EmitTo(sink);  // What was awaited at the first tick is told.
  const auto sum = [&sink](absl::string_view metric, absl::string_view part) {
    double total = 0;
    for (const auto& [name, value] : sink.values()) {
      if (absl::StartsWith(name, metric) && absl::StrContains(name, part)) total += value;
    }
    return total;
  };
  printf(
      "{\"cpu_s\":%.4f,\"bytes\":%.0f,\"lines\":%.0f,\"error_lines\":%.0f,\"errors\":%.0f,"
      "\"responses\":%.0f}\n",
      cpu_seconds, sum("ora_log_appended_bytes_total", ""), sum("ora_log_lines_total", ""),
      sum("ora_log_lines_total", "level=\"error\""), sum("ora_log_errors_total", ""),
      sum("ora_log_response_seconds_count", ""));
  return 0;
}
