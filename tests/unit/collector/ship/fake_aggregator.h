// The aggregator's side of the ingest stream, in memory, as a test wants it to behave.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "ora/v1/ingest_service.grpc.pb.h"

namespace ora::collector {

// Serves on an in-process channel. Keeps batches by sequence and refuses, with UNKNOWN, what breaks
// the protocol's promises: a sequence twice in one stream, an id without a name. Thread-safe.
class FakeAggregator final : public v1::IngestService::Service {
 public:
  FakeAggregator();
  ~FakeAggregator() override;

  std::shared_ptr<grpc::Channel> channel();

  // What a stream does with a batch: keeps and acknowledges it, keeps it without a word, or ends
  // with the status.
  struct Reaction {
    enum class Kind { kAcknowledge, kKeepSilently, kEnd } kind = Kind::kAcknowledge;
    grpc::Status status;
    v1::Ack ack;  // Its rejections.
  };
  using React = std::function<Reaction(const v1::Batch&)>;

  void set_react(React react) ABSL_LOCKS_EXCLUDED(mutex_);
  void set_welcome(const v1::Welcome& welcome) ABSL_LOCKS_EXCLUDED(mutex_);
  enum class Greeting { kWelcome, kSilence, kRefusal };
  void set_greeting(Greeting greeting, const grpc::Status& refusal = grpc::Status::OK)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // As if batches up to this were kept before.
  void set_durable(uint64_t sequence) ABSL_LOCKS_EXCLUDED(mutex_);

  struct Seen {
    int streams = 0;
    int heartbeats = 0;
    uint64_t durable = 0;
    std::vector<uint64_t> received;  // Sequences, as they came.
    std::vector<int> batches_a_message;
    std::map<std::string, int> samples;          // `metric@time=value`, and how often kept.
    std::map<std::string, uint64_t> collectors;  // Id and incarnation of each hello.
    std::set<std::string> instances;             // Of each hello.
    std::string broken_promise;
  };
  Seen seen() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits up to `limit` of real time for `condition`.
  bool Await(const std::function<bool(const Seen&)>& condition, absl::Duration limit) const
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Stream_ = grpc::ServerReaderWriter<v1::StreamResponse, v1::StreamRequest>;
  using Dictionary = std::map<uint32_t, std::string>;

  // What one stream was told.
  struct StreamMemory {
    Dictionary names;
    uint64_t epoch = 0;
    uint64_t last = 0;  // Sequence.

    void Learn(const v1::SeriesDefinitions& definitions);
  };

  grpc::Status Stream(grpc::ServerContext* context, Stream_* stream) override;
  grpc::Status Take(const v1::Batch& batch, StreamMemory& memory, Stream_& stream)
      ABSL_LOCKS_EXCLUDED(mutex_);
  grpc::Status Break(const std::string& what) ABSL_LOCKS_EXCLUDED(mutex_);
  void Keep(const v1::Batch& batch, const Dictionary& names) ABSL_LOCKS_EXCLUDED(mutex_);

  mutable absl::Mutex mutex_;
  React react_ ABSL_GUARDED_BY(mutex_);
  v1::Welcome welcome_ ABSL_GUARDED_BY(mutex_);
  Greeting greeting_ ABSL_GUARDED_BY(mutex_) = Greeting::kWelcome;
  grpc::Status refusal_ ABSL_GUARDED_BY(mutex_);
  Seen seen_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace ora::collector
