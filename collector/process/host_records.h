// The host's records as series, by node_exporter's names.
//
// Each function takes the text of one file and returns false if it is not made as such a file is;
// what was understood before has been told then.
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "collector/series/sample_sink.h"
#include "storage/env/file_system.h"

namespace ora::collector {

// Tells samples of job="node"; remembers the ids of series, so that a later tick allocates nothing.
class HostSeries {
 public:
  void BeginTick(SampleSink& sink) { sink_ = &sink; }
  void Tell(absl::string_view metric, double value, LabelPair first = {}, LabelPair second = {},
            LabelPair third = {});
  // A series whose value is 1, for its labels.
  void TellLabels(absl::string_view metric, absl::Span<const LabelPair> labels);

 private:
  SampleSink* sink_ = nullptr;
  std::string key_;
  absl::flat_hash_map<std::string, SeriesId> ids_;
};

bool TellStat(absl::string_view text, HostSeries& series);     // /proc/stat
bool TellMemory(absl::string_view text, HostSeries& series);   // /proc/meminfo
bool TellLoad(absl::string_view text, HostSeries& series);     // /proc/loadavg
bool TellVmstat(absl::string_view text, HostSeries& series);   // /proc/vmstat
bool TellFileFd(absl::string_view text, HostSeries& series);   // /proc/sys/fs/file-nr
bool TellDisks(absl::string_view text, HostSeries& series);    // /proc/diskstats
bool TellNetwork(absl::string_view text, HostSeries& series);  // /proc/net/dev

// /proc/pressure/RESOURCE.
bool TellPressure(absl::string_view resource, absl::string_view text, HostSeries& series);

// /proc/self/mounts. Pseudo file systems are left out, as node_exporter does, and those over a
// network, whose server could hold the collector.
bool TellMounts(absl::string_view text, storage::FileSystem& files, HostSeries& series);

}  // namespace ora::collector
