// One host's stream to the aggregator, as a collector would hold it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ora/v1/ingest_service.grpc.pb.h"
#include "storage/env/clock.h"
#include "tests/bench/load/latencies.h"
#include "tests/bench/load/load_options.h"
#include "tests/bench/workload/w1.h"

namespace ora::bench {

// What all workers of a load count together.
struct LoadProgress {
  std::atomic<uint32_t> opened = 0;        // Streams whose first batch is acknowledged.
  std::atomic<uint64_t> acknowledged = 0;  // Batches.
  std::atomic<bool> abandoned = false;     // A worker failed: the others end too.
};

class HostStream;

// What the streams of one worker share; its thread's alone, except `progress`.
struct StreamSurroundings {
  const LoadOptions& options;
  const NormalQuantiles& quantiles;
  storage::Clock& clock;
  grpc::CompletionQueue& queue;
  LoadProgress& progress;
  uint64_t incarnation = 0;
  size_t opened = 0;       // Of `progress.opened`, this worker's.
  uint64_t in_flight = 0;  // Batches that are sent and not acknowledged.
  uint64_t in_flight_max = 0;
  std::deque<HostStream*> waiting;  // For room below `in_flight_max`, each once, first come first.
  Latencies latencies;
  absl::Duration measured_from;  // Batches that were due earlier are not in `latencies`.
  v1::StreamRequest one;         // Message with a batch,
  v1::StreamRequest several;     // and with batches; kept for their memory.
};

// Driven by its worker: the completion queue gives back an Event, whose stream is told.
class HostStream {
 public:
  enum class Step { kStarted, kWritten, kRead, kFinished };
  struct Event {
    HostStream* stream = nullptr;
    Step step = Step::kStarted;
  };

  // `surroundings` and `stub` must outlive it, and it must outlive its call: see finished().
  HostStream(uint32_t host, v1::IngestService::Stub& stub, StreamSurroundings& surroundings);

  // Begins the call: hello, all definitions, the first batch.
  void Open();
  // Lets one more batch go, that was due at `due`.
  void Release(absl::Duration due);
  // Lets all batches go, each as soon as the window has room.
  void ReleaseAll();
  // It has come to the front of `surroundings.waiting` and there is room.
  void GoOn();
  // A heartbeat if nothing was sent for as long as the aggregator's welcome says.
  void KeepAlive(absl::Duration now);
  // Ends the stream in order; everything was acknowledged.
  void Close();
  void Cancel() { context_.TryCancel(); }

  void Happened(Step step, bool ok);

  uint32_t host() const { return number_; }
  // The call is over, or never began: no event comes any more.
  bool finished() const { return phase_ == Phase::kNone || phase_ == Phase::kFinished; }
  // Why the stream cannot go on; OK while it can, and after Close.
  const absl::Status& failure() const { return failure_; }

 private:
  enum class Phase { kNone, kStarting, kGreeting, kWelcomed, kClosing, kFinishing, kFinished };

  void Advance();
  void SendOrWait();
  // How many batches may go in the next message.
  uint64_t Ready() const;
  void Write(const v1::StreamRequest& request);
  void WriteHello();
  void WriteDefinitions();
  void WriteBatches();
  void FillBatch(v1::Batch& batch);
  void Define(uint32_t series, v1::SeriesDefinitions& definitions) const;
  void Received();
  absl::Status Take(const v1::StreamResponse& response);
  void Acknowledged(uint64_t sequence);
  void Finished();
  void Fail(const absl::Status& status);
  Event* Tag(Step step) { return &events_[static_cast<size_t>(step)]; }

  const uint32_t number_;
  StreamSurroundings& around_;
  v1::IngestService::Stub& stub_;
  W1Host host_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::StreamRequest, v1::StreamResponse>> call_;
  v1::StreamResponse response_;
  grpc::Status final_;
  Event events_[4];

  Phase phase_ = Phase::kNone;
  bool writing_ = false;
  bool paced_ = true;
  bool waiting_ = false;
  absl::Status failure_;
  uint32_t defined_ = 0;   // Series.
  uint64_t released_ = 1;  // Batches; each count is the sequence of the newest, too.
  uint64_t sent_ = 0;
  uint64_t acknowledged_ = 0;
  std::deque<absl::Duration> due_;  // Of the released, or sent, batches that are unacknowledged.
  absl::Duration last_sent_;
  absl::Duration heartbeat_ = absl::InfiniteDuration();
  uint64_t message_batches_max_ = 1;
};

}  // namespace ora::bench
