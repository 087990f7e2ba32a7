#include "collector/process/process_sampler.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "collector/process/component_rules.h"
#include "collector/process/proc_records.h"

namespace ora::collector {
namespace {

using storage::Counter;
using storage::ReadableFile;

constexpr uint32_t kComponentsDefault = 200;
constexpr size_t kKeptHandlesMax = 512;  // Half of the usual limit of open files.
constexpr size_t kCommBytesMax = 15;     // The kernel cuts longer names.
constexpr size_t kRecordBytesMax = 4096;
constexpr size_t kComponentBytesMax = 128;
constexpr size_t kHostStatBytesMax = size_t{4} << 20;
constexpr char kKernel[] = "kernel";
constexpr char kOther[] = "other";

enum Metric {
  kCpu,
  kResident,
  kVirtual,
  kOpenFds,
  kMaxFds,
  kStart,
  kThreads,
  kMajorFaults,
  kReadBytes,
  kWriteBytes,
  kCount,
  kMetricCount
};

constexpr std::array<const char*, kMetricCount> kMetricNames = {"process_cpu_seconds_total",
                                                                "process_resident_memory_bytes",
                                                                "process_virtual_memory_bytes",
                                                                "process_open_fds",
                                                                "process_max_fds",
                                                                "process_start_time_seconds",
                                                                "process_threads",
                                                                "process_major_page_faults_total",
                                                                "process_io_read_bytes_total",
                                                                "process_io_write_bytes_total",
                                                                "ora_process_count"};

// What processes used since they were first seen; it only grows.
struct Usage {
  uint64_t cpu_ticks = 0;
  uint64_t major_faults = 0;
  uint64_t read_bytes = 0;
  uint64_t write_bytes = 0;
};

struct Component {
  std::string name;
  Usage used;
  uint64_t last_tick = 0;  // When it last had a process.
  bool io_known = false;   // Of one of its processes at least.
  bool fds_known = false;
  bool limit_known = false;
  // Of those that live at this tick.
  uint64_t processes = 0;
  uint64_t threads = 0;
  uint64_t resident_pages = 0;
  uint64_t virtual_bytes = 0;
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;
  uint64_t oldest_ticks = 0;
  std::array<SeriesId, kMetricCount> series{};
};

struct Process {
  uint64_t start_ticks = 0;
  uint64_t last_tick = 0;
  std::string comm;
  std::string directory;
  size_t component = 0;
  bool sampled = true;  // False: no rule matches, and only rules count.
  bool kernel_thread = false;
  bool denied = false;  // Its descriptors and I/O are not for us.
  absl::optional<uint64_t> max_fds;
  Usage seen;
  std::unique_ptr<ReadableFile> stat;
  std::unique_ptr<ReadableFile> io;
};

class RealProcessSampler final : public ProcessSampler {
 public:
  RealProcessSampler(const config::v1::ProcessConfig& config, ComponentRules rules,
                     std::string proc_root, storage::FileSystem& files, storage::Counters& counters)
      : rules_(std::move(rules)),
        only_rules_(config.only_rules()),
        components_max_(config.components_max() == 0 ? kComponentsDefault
                                                     : config.components_max()),
        proc_root_(std::move(proc_root)),
        files_(files),
        denied_(counters.Get("ora_process_read_denied_total")),
        errors_(counters.Get("ora_process_read_errors_total")),
        ticks_per_second_(static_cast<double>(sysconf(_SC_CLK_TCK))),
        page_bytes_(static_cast<double>(sysconf(_SC_PAGESIZE))) {}

  void Sample(SampleSink& sink) override;

 private:
  void ReadBootTime();
  void SampleProcess(uint32_t pid);
  // The text of a record of `process`, kept open where there is room; valid until the next call.
  absl::StatusOr<absl::string_view> Read(std::unique_ptr<ReadableFile>& kept,
                                         const std::string& path);
  void Begin(Process& process, const ProcStat& stat);
  std::string CommandLine(const Process& process);
  std::string NameOf(const Process& process);
  size_t ComponentOf(const std::string& name);
  void ReadFds(Process& process, Component& component);
  void ReadIo(Process& process, Component& component);
  void Deny(Process& process);
  void Drop(const Process& process);
  void Tell(SampleSink& sink, Component& component, Metric metric, double value) const;
  void Emit(SampleSink& sink, Component& component) const;

  const ComponentRules rules_;
  const bool only_rules_;
  const uint32_t components_max_;
  const std::string proc_root_;
  storage::FileSystem& files_;
  Counter& denied_;
  Counter& errors_;
  const double ticks_per_second_;
  const double page_bytes_;
  double boot_seconds_ = 0;
  uint64_t tick_ = 0;
  size_t kept_handles_ = 0;
  std::array<char, kRecordBytesMax> buffer_;
  std::vector<Component> components_;
  absl::flat_hash_map<std::string, size_t> component_ids_;
  absl::flat_hash_map<uint32_t, Process> processes_;
};

void RealProcessSampler::ReadBootTime() {
  const absl::StatusOr<std::string> stat =
      files_.ReadWhole(absl::StrCat(proc_root_, "/stat"), kHostStatBytesMax);
  if (!stat.ok()) {
    errors_.Increment();
    return;
  }
  const size_t at = stat->find("btime ");
  if (at == std::string::npos) return;
  absl::string_view digits = absl::string_view(*stat).substr(at + 6);
  if (!absl::SimpleAtod(digits.substr(0, digits.find('\n')), &boot_seconds_)) errors_.Increment();
}

void RealProcessSampler::Sample(SampleSink& sink) {
  ++tick_;
  if (boot_seconds_ == 0) ReadBootTime();
  for (Component& component : components_) {
    component.processes = component.threads = component.resident_pages = 0;
    component.virtual_bytes = component.open_fds = component.max_fds = component.oldest_ticks = 0;
  }
  const absl::StatusOr<std::vector<storage::DirectoryEntry>> entries = files_.List(proc_root_);
  if (!entries.ok()) {
    errors_.Increment();
    return;
  }
  for (const storage::DirectoryEntry& entry : *entries) {
    uint32_t pid = 0;
    if (!absl::ascii_isdigit(entry.name[0]) || !absl::SimpleAtoi(entry.name, &pid)) continue;
    SampleProcess(pid);
  }
  for (auto at = processes_.begin(); at != processes_.end();) {
    if (at->second.last_tick == tick_) {
      ++at;
    } else {
      Drop(at->second);
      processes_.erase(at++);
    }
  }
  for (Component& component : components_) {
    if (component.processes > 0) Emit(sink, component);
  }
}

absl::StatusOr<absl::string_view> RealProcessSampler::Read(std::unique_ptr<ReadableFile>& kept,
                                                           const std::string& path) {
  std::unique_ptr<ReadableFile> passing;
  ReadableFile* file = kept.get();
  if (file == nullptr) {
    absl::StatusOr<std::unique_ptr<ReadableFile>> opened = files_.OpenForRead(path);
    if (!opened.ok()) return opened.status();
    file = opened->get();
    if (kept_handles_ < kKeptHandlesMax) {
      kept = *std::move(opened);
      ++kept_handles_;
    } else {
      passing = *std::move(opened);
    }
  }
  const absl::StatusOr<size_t> got = file->ReadAt(0, absl::MakeSpan(buffer_));
  if (!got.ok()) return got.status();
  return absl::string_view(buffer_.data(), *got);
}

void RealProcessSampler::Drop(const Process& process) {
  kept_handles_ -= (process.stat != nullptr ? 1 : 0) + (process.io != nullptr ? 1 : 0);
}

void RealProcessSampler::SampleProcess(uint32_t pid) {
  Process& process = processes_[pid];
  if (process.directory.empty()) process.directory = absl::StrCat(proc_root_, "/", pid);
  const std::string path = process.stat != nullptr ? "" : process.directory + "/stat";
  absl::StatusOr<absl::string_view> text = Read(process.stat, path);
  if (!text.ok() && path.empty()) {
    // The handle is of a process that has ended; its number may have been given anew.
    Drop(process);
    const std::string directory = process.directory;
    process = Process{.directory = directory};
    text = Read(process.stat, directory + "/stat");
  }
  if (!text.ok()) return;  // It ended; the sweep forgets it.
  const absl::optional<ProcStat> stat = ParseProcStat(*text);
  if (!stat.has_value()) {
    errors_.Increment();
    return;
  }
  if (process.start_ticks != stat->start_ticks && process.last_tick != 0) {
    process.seen = Usage{};
    process.denied = false;
    process.comm.clear();
  }
  process.last_tick = tick_;
  if (process.comm.empty() || process.comm != stat->comm) Begin(process, *stat);
  if (!process.sampled) return;
  Component& component = components_[process.component];
  const auto grow = [](uint64_t& total, uint64_t& seen, uint64_t now) {
    if (now > seen) total += now - seen;
    seen = std::max(seen, now);
  };
  grow(component.used.cpu_ticks, process.seen.cpu_ticks, stat->cpu_ticks);
  grow(component.used.major_faults, process.seen.major_faults, stat->major_faults);
  ++component.processes;
  component.last_tick = tick_;
  component.threads += stat->threads;
  component.resident_pages += stat->resident_pages;
  component.virtual_bytes += stat->virtual_bytes;
  if (component.processes == 1 || stat->start_ticks < component.oldest_ticks) {
    component.oldest_ticks = stat->start_ticks;
  }
  if (process.kernel_thread) return;
  if (process.max_fds.has_value()) {
    component.max_fds += *process.max_fds;
    component.limit_known = true;
  }
  if (!process.denied) ReadFds(process, component);
  if (!process.denied) ReadIo(process, component);
}

// Takes `process` into its component; called again when it becomes another program.
void RealProcessSampler::Begin(Process& process, const ProcStat& stat) {
  process.comm = std::string(stat.comm);
  process.start_ticks = stat.start_ticks;
  process.kernel_thread = stat.kernel_thread;
  // `stat` points into the buffer that the next reads overwrite.
  absl::optional<std::string> name;
  if (process.kernel_thread) {
    name = only_rules_ ? absl::nullopt : absl::optional<std::string>(kKernel);
  } else {
    const std::string command_line =
        rules_.wants_command_line() ? CommandLine(process) : std::string();
    name = rules_.Match(process.comm, command_line);
    if (!name.has_value() && !only_rules_) name = NameOf(process);
    const absl::StatusOr<std::string> limits =
        files_.ReadWhole(process.directory + "/limits", kRecordBytesMax);
    if (limits.ok()) process.max_fds = ParseOpenFilesLimit(*limits);
  }
  process.sampled = name.has_value();
  if (process.sampled) process.component = ComponentOf(*name);
}

std::string RealProcessSampler::CommandLine(const Process& process) {
  absl::StatusOr<std::string> text =
      files_.ReadWhole(process.directory + "/cmdline", kHostStatBytesMax);
  if (!text.ok()) return "";
  while (!text->empty() && text->back() == '\0') text->pop_back();
  std::replace(text->begin(), text->end(), '\0', ' ');
  return *std::move(text);
}

std::string RealProcessSampler::NameOf(const Process& process) {
  std::string name = process.comm;
  if (name.size() >= kCommBytesMax) {
    const std::string command_line = CommandLine(process);
    absl::string_view program = absl::string_view(command_line).substr(0, command_line.find(' '));
    program.remove_prefix(std::min(program.rfind('/') + 1, program.size()));
    if (absl::StartsWith(program, name)) name = std::string(program.substr(0, kComponentBytesMax));
  }
  for (char& c : name) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '_';
  }
  return name.empty() ? std::string(kOther) : name;
}

size_t RealProcessSampler::ComponentOf(const std::string& name) {
  if (const auto found = component_ids_.find(name); found != component_ids_.end()) {
    return found->second;
  }
  if (components_.size() < components_max_ || name == kOther) {
    components_.push_back({.name = name});
    return component_ids_[name] = components_.size() - 1;
  }
  // A component whose last process ended, before the tick before, gives its place.
  size_t oldest = components_.size();
  for (size_t i = 0; i < components_.size(); ++i) {
    if (components_[i].last_tick + 1 >= tick_ || components_[i].name == kOther) continue;
    if (oldest == components_.size() || components_[i].last_tick < components_[oldest].last_tick) {
      oldest = i;
    }
  }
  if (oldest == components_.size()) return ComponentOf(kOther);
  component_ids_.erase(components_[oldest].name);
  components_[oldest] = Component{.name = name};
  return component_ids_[name] = oldest;
}

void RealProcessSampler::Deny(Process& process) {
  process.denied = true;
  denied_.Increment();
}

void RealProcessSampler::ReadFds(Process& process, Component& component) {
  const absl::StatusOr<std::vector<storage::DirectoryEntry>> fds =
      files_.List(process.directory + "/fd");
  if (!fds.ok()) {
    if (absl::IsPermissionDenied(fds.status())) Deny(process);
    return;
  }
  component.fds_known = true;
  component.open_fds += fds->size();
}

void RealProcessSampler::ReadIo(Process& process, Component& component) {
  const std::string path = process.io != nullptr ? "" : process.directory + "/io";
  const absl::StatusOr<absl::string_view> text = Read(process.io, path);
  if (!text.ok()) {
    if (absl::IsPermissionDenied(text.status())) Deny(process);
    return;
  }
  const absl::optional<ProcIo> io = ParseProcIo(*text);
  if (!io.has_value()) return;
  component.io_known = true;
  Usage& seen = process.seen;
  if (io->read_bytes > seen.read_bytes) {
    component.used.read_bytes += io->read_bytes - seen.read_bytes;
    seen.read_bytes = io->read_bytes;
  }
  if (io->write_bytes > seen.write_bytes) {
    component.used.write_bytes += io->write_bytes - seen.write_bytes;
    seen.write_bytes = io->write_bytes;
  }
}

void RealProcessSampler::Tell(SampleSink& sink, Component& component, Metric metric,
                              double value) const {
  SeriesId& series = component.series[metric];
  if (series == 0) {
    series = sink.Intern(kMetricNames[metric], {{"job", "process"}, {"component", component.name}});
  }
  sink.Add(series, value);
}

void RealProcessSampler::Emit(SampleSink& sink, Component& component) const {
  const auto tell = [&](Metric metric, uint64_t value) {
    Tell(sink, component, metric, static_cast<double>(value));
  };
  Tell(sink, component, kCpu, static_cast<double>(component.used.cpu_ticks) / ticks_per_second_);
  Tell(sink, component, kResident, static_cast<double>(component.resident_pages) * page_bytes_);
  Tell(sink, component, kStart,
       boot_seconds_ + static_cast<double>(component.oldest_ticks) / ticks_per_second_);
  tell(kVirtual, component.virtual_bytes);
  tell(kThreads, component.threads);
  tell(kMajorFaults, component.used.major_faults);
  tell(kCount, component.processes);
  if (component.fds_known) tell(kOpenFds, component.open_fds);
  if (component.limit_known) tell(kMaxFds, component.max_fds);
  if (component.io_known) {
    tell(kReadBytes, component.used.read_bytes);
    tell(kWriteBytes, component.used.write_bytes);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessSampler>> ProcessSampler::Make(
    const config::v1::ProcessConfig& config, const std::string& proc_root,
    storage::FileSystem& files, storage::Clock& /*counters need no time*/,
    storage::Counters& counters) {
  absl::StatusOr<ComponentRules> rules = ComponentRules::Make(config);
  if (!rules.ok()) return rules.status();
  return std::make_unique<RealProcessSampler>(config, *std::move(rules), proc_root, files,
                                              counters);
}

}  // namespace ora::collector
