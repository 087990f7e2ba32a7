// The host's own series, by node_exporter's names.
#pragma once

#include <memory>
#include <string>

#include "collector/series/sample_sink.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/file_system.h"

namespace ora::collector {

// One thread. Series bear job="node". A file of /proc or /sys that is absent or odd leaves out its
// series and is counted (`ora_host_read_errors_total`), once a tick.
class HostSampler {
 public:
  virtual ~HostSampler() = default;

  // `proc_root` is "/proc", `sys_root` "/sys"; other directories in tests.
  static std::unique_ptr<HostSampler> Make(const std::string& proc_root,
                                           const std::string& sys_root, storage::FileSystem& files,
                                           storage::Clock& clock, storage::Counters& counters);

  virtual void Sample(SampleSink& sink) = 0;
};

}  // namespace ora::collector
