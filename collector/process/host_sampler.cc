#include "collector/process/host_sampler.h"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "collector/process/host_records.h"

namespace ora::collector {
namespace {

using storage::ReadableFile;

constexpr size_t kReadStep = 16 << 10;
constexpr size_t kRecordBytesMax = size_t{8} << 20;

// A file of /proc that is read anew at each tick through one handle.
struct Record {
  std::string path;
  std::unique_ptr<ReadableFile> file;
};

class RealHostSampler final : public HostSampler {
 public:
  RealHostSampler(const std::string& proc_root, storage::FileSystem& files, storage::Clock& clock,
                  storage::Counters& counters)
      : files_(files),
        clock_(clock),
        errors_(counters.Get("ora_host_read_errors_total")),
        stat_{proc_root + "/stat"},
        memory_{proc_root + "/meminfo"},
        load_{proc_root + "/loadavg"},
        vmstat_{proc_root + "/vmstat"},
        file_fd_{proc_root + "/sys/fs/file-nr"},
        disks_{proc_root + "/diskstats"},
        network_{proc_root + "/net/dev"},
        mounts_{proc_root + "/self/mounts"},
        pressure_{{{proc_root + "/pressure/cpu"},
                   {proc_root + "/pressure/io"},
                   {proc_root + "/pressure/memory"}}},
        kernel_directory_(proc_root + "/sys/kernel/") {}

  void Sample(SampleSink& sink) override {
    series_.BeginTick(sink);
    uint64_t odd = 0;
    odd += !(Read(stat_) && TellStat(text_, series_));
    odd += !(Read(memory_) && TellMemory(text_, series_));
    odd += !(Read(load_) && TellLoad(text_, series_));
    odd += !(Read(vmstat_) && TellVmstat(text_, series_));
    odd += !(Read(file_fd_) && TellFileFd(text_, series_));
    odd += !(Read(disks_) && TellDisks(text_, series_));
    odd += !(Read(network_) && TellNetwork(text_, series_));
    odd += !(Read(mounts_) && TellMounts(text_, files_, series_));
    constexpr std::array<const char*, 3> kResources = {"cpu", "io", "memory"};
    for (size_t i = 0; i < kResources.size(); ++i) {
      odd += !(Read(pressure_[i]) && TellPressure(kResources[i], text_, series_));
    }
    series_.Tell("node_time_seconds", static_cast<double>(clock_.NowMillis()) / 1e3);
    if (!TellName()) ++odd;
    errors_.Add(odd);
  }

 private:
  // Reads the whole of `record` into text_.
  bool Read(Record& record) {
    if (record.file == nullptr) {
      absl::StatusOr<std::unique_ptr<ReadableFile>> opened = files_.OpenForRead(record.path);
      if (!opened.ok()) return false;
      record.file = *std::move(opened);
    }
    size_t size = 0;
    while (size < kRecordBytesMax) {
      if (buffer_.size() < size + kReadStep) buffer_.resize(size + kReadStep);
      const absl::StatusOr<size_t> got =
          record.file->ReadAt(size, absl::MakeSpan(buffer_).subspan(size));
      if (!got.ok()) {
        record.file.reset();  // The next tick opens it anew.
        return false;
      }
      if (*got == 0) break;
      size += *got;
    }
    text_ = absl::string_view(buffer_.data(), size);
    return true;
  }

  // A host's name and kernel do not change in a run but for its name, which is no label of ours.
  bool TellName() {
    constexpr std::array<std::pair<const char*, const char*>, 6> kNames = {
        {{"sysname", "ostype"},
         {"release", "osrelease"},
         {"version", "version"},
         {"machine", "arch"},
         {"nodename", "hostname"},
         {"domainname", "domainname"}}};
    if (names_.empty()) {
      for (const auto& [label, file] : kNames) {
        const absl::StatusOr<std::string> text =
            files_.ReadWhole(kernel_directory_ + file, kReadStep);
        names_.emplace_back(text.ok() ? std::string(absl::StripAsciiWhitespace(*text))
                                      : std::string());
      }
    }
    std::array<LabelPair, kNames.size()> labels;
    bool known = false;
    for (size_t i = 0; i < kNames.size(); ++i) {
      labels[i] = {kNames[i].first, names_[i]};
      known = known || !names_[i].empty();
    }
    if (known) series_.TellLabels("node_uname_info", labels);
    return known;
  }

  storage::FileSystem& files_;
  storage::Clock& clock_;
  storage::Counter& errors_;
  Record stat_, memory_, load_, vmstat_, file_fd_, disks_, network_, mounts_;
  std::array<Record, 3> pressure_;
  const std::string kernel_directory_;
  std::vector<std::string> names_;
  std::vector<char> buffer_;
  absl::string_view text_;
  HostSeries series_;
};

}  // namespace

std::unique_ptr<HostSampler> HostSampler::Make(const std::string& proc_root,
                                               const std::string& /*nothing of it is told yet*/,
                                               storage::FileSystem& files, storage::Clock& clock,
                                               storage::Counters& counters) {
  return std::make_unique<RealHostSampler>(proc_root, files, clock, counters);
}

}  // namespace ora::collector
