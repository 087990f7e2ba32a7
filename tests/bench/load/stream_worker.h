// One thread's share of the streams of a load.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/bench/load/host_stream.h"

namespace ora::bench {

// True once the user has asked the program to end. Called from every worker's thread.
using StopRequested = std::function<bool()>;

// Its three steps are called in this order, each from one thread at a time. All but the last end
// when all workers' streams have got there, so that none falls silent meanwhile; each gives the
// reason why the load cannot go on.
class StreamWorker {
 public:
  // Every connection whose number modulo `options.threads` is `index` is its own. The references
  // must outlive it.
  StreamWorker(uint32_t index, const std::string& address, uint64_t incarnation,
               const LoadOptions& options, const NormalQuantiles& quantiles, storage::Clock& clock,
               LoadProgress& progress, StopRequested stop_requested);
  ~StreamWorker();

  // Opens the streams, some at a time, defines their series and delivers the first batches.
  absl::Status Open();
  // Delivers all other batches; paced ones begin at `begin`. Latencies count from `measured_from`.
  absl::Status Deliver(absl::Duration begin, absl::Duration measured_from);
  // Ends the streams.
  void Close();

  const Latencies& latencies() const { return around_.latencies; }

 private:
  // Waits for the next event until `until` at most, and lets its stream act.
  void Turn(absl::Duration until);
  absl::Status CheckFailures();
  void KeepAlive();
  void OpenSome();
  // Releases what is due by now; when the next will be.
  absl::Duration ReleaseDue(absl::Duration begin);
  bool AllFinished() const;

  const LoadOptions& options_;
  storage::Clock& clock_;
  LoadProgress& progress_;
  const StopRequested stop_requested_;
  grpc::CompletionQueue queue_;
  StreamSurroundings around_;
  std::vector<std::unique_ptr<v1::IngestService::Stub>> stubs_;
  std::vector<std::unique_ptr<HostStream>> streams_;  // By the number of the host.
  absl::Status failure_;
  absl::Duration checked_;
  size_t opening_ = 0;     // Streams that Open was called of.
  uint64_t rounds_ = 0;    // Of paced batches that are released whole.
  size_t next_paced_ = 0;  // In `streams_`, of the round that is being released.
};

}  // namespace ora::bench
