// All parts in one process: a real collector on real files, a real aggregator and store, gRPC
// between them, and time that moves only when the test says so.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "aggregator/aggregator.h"
#include "collector/collector.h"
#include "ora/config/v1/collector_config.pb.h"
#include "ora/v1/alert_service.pb.h"
#include "storage/env/counters.h"
#include "storage/env/posix_file_system.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::integration {

// One host, `host-a`, that samples every 10 s and follows every *.log of a folder of its own. Not
// thread-safe.
class MiniFleet {
 public:
  // `collector` is what the host's collector is told besides who it is and where its logs are.
  explicit MiniFleet(config::v1::CollectorConfig collector = {});
  ~MiniFleet();

  // Adds to a log of the host.
  void Append(const std::string& log, absl::string_view text);

  // Moves time on by a multiple of 10 s; returns when every sample of it is stored.
  void Advance(absl::Duration by);

  // The value of an expression's only series, now; none if it has none or several.
  absl::optional<double> Value(const std::string& expression);

  // Judges the rules now. The alert of this rule about this log, if there is one that fires.
  absl::optional<v1::Alert> Judge(const std::string& rule, const std::string& log);

  // The report of an alert, as Markdown, over the API.
  std::string Report(const v1::Alert& alert);

  // Ends a part as an operator would, and starts it again on the same state.
  void RestartCollector();
  void RestartAggregator();

 private:
  void StartAggregator();
  void StartCollector();
  void AwaitSamplesOfNow();

  const config::v1::CollectorConfig collector_config_;
  std::string directory_;
  fakes::ManualClock clock_;
  storage::PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  storage::Counters aggregator_counters_;
  storage::Counters collector_counters_;
  std::unique_ptr<aggregator::Aggregator> aggregator_;
  std::unique_ptr<collector::Collector> collector_;
};

}  // namespace ora::integration
