#include "collector/tick/own_series.h"

#include <unistd.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ora::collector {
namespace {

constexpr size_t kStatBytesMax = 4096;
// Fields of /proc/PID/stat behind the command's closing bracket: utime is field 14, the first
// behind the bracket is field 3.
constexpr size_t kUserTicks = 14 - 3;
constexpr size_t kSystemTicks = 15 - 3;
constexpr size_t kResidentPages = 24 - 3;

double Number(absl::string_view text) {
  double number = 0;
  return absl::SimpleAtod(text, &number) ? number : 0;
}

}  // namespace

void OwnSeries::Sample(const OwnGauges& gauges, SampleSink& sink) {
  for (const auto& [name, value] : counters_.Snapshot()) {
    Add(name, static_cast<double>(value), sink);
  }
  Add("ora_spool_bytes", static_cast<double>(gauges.spool_bytes), sink);
  Add("ora_spool_batches_pending", static_cast<double>(gauges.spool_batches_pending), sink);
  Add("ora_collector_files_followed", static_cast<double>(gauges.files_followed), sink);
  Add("ora_collector_files_open", static_cast<double>(gauges.files_open), sink);
  Add("ora_collector_files_hinted", static_cast<double>(gauges.files_hinted), sink);
  Add("ora_collector_bytes_behind", static_cast<double>(gauges.bytes_behind), sink);
  Add("ora_collector_series", static_cast<double>(gauges.series), sink);
  SampleProcess(sink);
}

void OwnSeries::SampleProcess(SampleSink& sink) {
  const auto stat = files_.ReadWhole(absl::StrCat(proc_root_, "/self/stat"), kStatBytesMax);
  if (!stat.ok()) return;
  const size_t bracket = stat->rfind(") ");
  if (bracket == std::string::npos) return;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(*stat).substr(bracket + 2), ' ');
  if (fields.size() <= kResidentPages) return;
  const double ticks = Number(fields[kUserTicks]) + Number(fields[kSystemTicks]);
  Add("process_cpu_seconds_total", ticks / static_cast<double>(sysconf(_SC_CLK_TCK)), sink);
  Add("process_resident_memory_bytes",
      Number(fields[kResidentPages]) * static_cast<double>(sysconf(_SC_PAGESIZE)), sink);
}

void OwnSeries::Add(absl::string_view metric, double value, SampleSink& sink) {
  SeriesId& id = ids_[metric];
  if (id == 0) id = sink.Intern(metric, {{"job", "ora"}});
  sink.Add(id, value);
}

}  // namespace ora::collector
