#include "collector/process/host_records.h"

#include <unistd.h>

#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"

namespace ora::collector {
namespace {

// Takes the text up to the next line end from `text`.
absl::string_view TakeLine(absl::string_view& text) {
  const size_t end = text.find('\n');
  const absl::string_view line = text.substr(0, end);
  text = end == absl::string_view::npos ? absl::string_view() : text.substr(end + 1);
  return line;
}

// Takes the next word from `line`.
absl::string_view TakeWord(absl::string_view& line) {
  while (!line.empty() && (line[0] == ' ' || line[0] == '\t')) line.remove_prefix(1);
  size_t end = 0;
  while (end < line.size() && line[end] != ' ' && line[end] != '\t') ++end;
  const absl::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

absl::optional<double> TakeNumber(absl::string_view& line) {
  double value = 0;
  if (!absl::SimpleAtod(TakeWord(line), &value)) return absl::nullopt;
  return value;
}

bool TellCpu(absl::string_view cpu, absl::string_view rest, HostSeries& series) {
  constexpr std::array<const char*, 8> kModes = {"user",   "nice", "system",  "idle",
                                                 "iowait", "irq",  "softirq", "steal"};
  const double ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  for (const char* mode : kModes) {
    const absl::optional<double> ticks = TakeNumber(rest);
    if (!ticks.has_value()) return false;
    series.Tell("node_cpu_seconds_total", *ticks / ticks_per_second, {"cpu", cpu}, {"mode", mode});
  }
  return true;
}

struct NamedMetric {
  absl::string_view name;
  absl::string_view metric;
};

constexpr std::array<NamedMetric, 5> kStatMetrics = {{{"ctxt", "node_context_switches_total"},
                                                      {"btime", "node_boot_time_seconds"},
                                                      {"processes", "node_forks_total"},
                                                      {"procs_running", "node_procs_running"},
                                                      {"procs_blocked", "node_procs_blocked"}}};

constexpr std::array<NamedMetric, 7> kVmstatMetrics = {{{"pgpgin", "node_vmstat_pgpgin"},
                                                        {"pgpgout", "node_vmstat_pgpgout"},
                                                        {"pswpin", "node_vmstat_pswpin"},
                                                        {"pswpout", "node_vmstat_pswpout"},
                                                        {"pgfault", "node_vmstat_pgfault"},
                                                        {"pgmajfault", "node_vmstat_pgmajfault"},
                                                        {"oom_kill", "node_vmstat_oom_kill"}}};

template <size_t kSize>
bool TellNamed(const std::array<NamedMetric, kSize>& metrics, absl::string_view name,
               absl::string_view rest, HostSeries& series) {
  for (const NamedMetric& known : metrics) {
    if (known.name != name) continue;
    const absl::optional<double> value = TakeNumber(rest);
    if (!value.has_value()) return false;
    series.Tell(known.metric, *value);
  }
  return true;
}

}  // namespace

void HostSeries::Tell(absl::string_view metric, double value, LabelPair first, LabelPair second,
                      LabelPair third) {
  key_.clear();
  absl::StrAppend(&key_, metric, "\n", first.value, "\n", second.value);
  absl::StrAppend(&key_, "\n", third.value);
  auto found = ids_.find(key_);
  if (found == ids_.end()) {
    const SeriesId id = sink_->Intern(metric, {{"job", "node"}, first, second, third});
    found = ids_.emplace(key_, id).first;
  }
  sink_->Add(found->second, value);
}

void HostSeries::TellLabels(absl::string_view metric, absl::Span<const LabelPair> labels) {
  key_.assign(metric.data(), metric.size());
  for (const LabelPair& label : labels) absl::StrAppend(&key_, "\n", label.value);
  auto found = ids_.find(key_);
  if (found == ids_.end()) {
    std::vector<LabelPair> all(labels.begin(), labels.end());
    all.push_back({"job", "node"});
    found = ids_.emplace(key_, sink_->Intern(metric, all)).first;
  }
  sink_->Add(found->second, 1);
}

bool TellStat(absl::string_view text, HostSeries& series) {
  bool sound = !text.empty();
  while (!text.empty()) {
    absl::string_view line = TakeLine(text);
    absl::string_view name = TakeWord(line);
    if (name == "cpu") continue;  // The sum of the others.
    const bool told = absl::ConsumePrefix(&name, "cpu")
                          ? TellCpu(name, line, series)
                          : TellNamed(kStatMetrics, name, line, series);
    sound = told && sound;
  }
  return sound;
}

bool TellMemory(absl::string_view text, HostSeries& series) {
  constexpr double kKilobyte = 1024;
  bool sound = !text.empty();
  std::string metric;
  while (!text.empty()) {
    absl::string_view line = TakeLine(text);
    absl::string_view name = TakeWord(line);
    const absl::optional<double> value = TakeNumber(line);
    if (!absl::ConsumeSuffix(&name, ":") || !value.has_value()) {
      sound = false;
      continue;
    }
    // `Active(anon)` is `Active_anon`.
    metric = "node_memory_";
    for (const char c : name) {
      if (c != ')') metric.push_back(absl::ascii_isalnum(c) ? c : '_');
    }
    const bool in_kilobytes = TakeWord(line) == "kB";
    if (in_kilobytes) metric += "_bytes";
    series.Tell(metric, in_kilobytes ? *value * kKilobyte : *value);
  }
  return sound;
}

bool TellLoad(absl::string_view text, HostSeries& series) {
  for (const char* metric : {"node_load1", "node_load5", "node_load15"}) {
    const absl::optional<double> value = TakeNumber(text);
    if (!value.has_value()) return false;
    series.Tell(metric, *value);
  }
  return true;
}

bool TellVmstat(absl::string_view text, HostSeries& series) {
  bool sound = !text.empty();
  while (!text.empty()) {
    absl::string_view line = TakeLine(text);
    const absl::string_view name = TakeWord(line);
    sound = TellNamed(kVmstatMetrics, name, line, series) && sound;
  }
  return sound;
}

bool TellFileFd(absl::string_view text, HostSeries& series) {
  absl::string_view line = TakeLine(text);
  const absl::optional<double> allocated = TakeNumber(line);
  TakeWord(line);  // Unused ones, which are none since Linux 2.6.
  const absl::optional<double> maximum = TakeNumber(line);
  if (!allocated.has_value() || !maximum.has_value()) return false;
  series.Tell("node_filefd_allocated", *allocated);
  series.Tell("node_filefd_maximum", *maximum);
  return true;
}

bool TellPressure(absl::string_view resource, absl::string_view text, HostSeries& series) {
  constexpr double kMicro = 1e-6;
  bool sound = !text.empty();
  while (!text.empty()) {
    absl::string_view line = TakeLine(text);
    const absl::string_view kind = TakeWord(line);
    const size_t total = line.find("total=");
    double micros = 0;
    if (total == absl::string_view::npos || !absl::SimpleAtod(line.substr(total + 6), &micros)) {
      sound = false;
      continue;
    }
    if (kind == "full" && resource == "cpu") continue;  // Of no meaning for a whole host.
    const absl::string_view suffix =
        kind == "full" ? "_stalled_seconds_total" : "_waiting_seconds_total";
    series.Tell(absl::StrCat("node_pressure_", resource, suffix), micros * kMicro);
  }
  return sound;
}

}  // namespace ora::collector
