// One stream to the aggregator: gRPC's reactions become events that the shipper takes.
#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "ora/v1/ingest_service.grpc.pb.h"
#include "storage/env/clock.h"

namespace ora::collector {

// Used by one thread; gRPC's threads call the reactions alone.
class IngestStream final : private grpc::ClientBidiReactor<v1::StreamRequest, v1::StreamResponse> {
 public:
  // Starts the call. `wake` is called from gRPC's threads after each event; it must not wait. It
  // and the references must outlive the stream.
  IngestStream(v1::IngestService::Stub& stub, storage::Clock& clock, std::function<void()> wake);
  ~IngestStream() override;

  // No write is under way and the stream is not broken.
  bool writable() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Nothing more will come or can be sent; Close tells why.
  bool broken() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Sends a message. The stream must be writable.
  void Write(v1::StreamRequest request) ABSL_LOCKS_EXCLUDED(mutex_);

  // The oldest response that was not taken.
  absl::optional<v1::StreamResponse> TakeResponse() ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends the call, unless the aggregator has, waits for its last reaction and returns the status.
  grpc::Status Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  storage::Clock& clock_;
  const std::function<void()> wake_;
  grpc::ClientContext context_;
  v1::StreamRequest request_;    // Of the write under way.
  v1::StreamResponse response_;  // Of the read under way.
  bool closing_ = false;         // The owner's.

  mutable absl::Mutex mutex_;
  // Bounded by what was sent: each is the answer to a message.
  std::deque<v1::StreamResponse> responses_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  absl::optional<grpc::Status> status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::collector
