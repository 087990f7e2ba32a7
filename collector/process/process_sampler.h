// The processes of this host, summed by component.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "collector/series/sample_sink.h"
#include "ora/config/v1/collector_config.pb.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/file_system.h"

namespace ora::collector {

// One thread. Series bear job="process" and component.
class ProcessSampler {
 public:
  virtual ~ProcessSampler() = default;

  // `proc_root` is "/proc", another directory in tests. INVALID_ARGUMENT: a rule's regular
  // expression is none.
  static absl::StatusOr<std::unique_ptr<ProcessSampler>> Make(
      const config::v1::ProcessConfig& config, const std::string& proc_root,
      storage::FileSystem& files, storage::Clock& clock, storage::Counters& counters);

  // Adds the series of every component that lives now. Counters of a component never go back when
  // one of its processes ends: what the dead ones had used is kept.
  virtual void Sample(SampleSink& sink) = 0;
};

}  // namespace ora::collector
