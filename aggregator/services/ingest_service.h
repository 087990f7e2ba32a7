// ora.v1.IngestService: streams of gRPC to sessions of the ingest.
#pragma once

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "aggregator/ingest/ingest_session.h"
#include "aggregator/server/call_loop.h"
#include "aggregator/server/method_table.h"
#include "ora/v1/ingest_service.pb.h"
#include "storage/env/clock.h"

namespace ora::aggregator {

class StreamCall;

// Thread-safe. Streams that are silent for `silence_limit` are ended by a thread of its own.
class IngestService final {
 public:
  // The references must outlive the service.
  IngestService(Ingest& ingest, storage::Clock& clock, absl::Duration silence_limit);

  // The server must have drained.
  ~IngestService();

  // Adds the service's method; it must outlive the table, and `loop`, which runs the table, the
  // calls.
  void AddTo(MethodTable& methods, CallLoop& loop);

  // Ends every stream with UNAVAILABLE, and each that comes later.
  void EndStreams() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  friend class StreamCall;

  // On the loop's thread.
  std::unique_ptr<Call> Stream(CallTransport& transport, CallLoop& loop)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The place for a request while it is looked at, on the loop's thread: one for all streams, so
  // that ten thousand quiet ones do not keep one each.
  v1::StreamRequest& request() { return request_; }
  // A huge request does not keep its memory.
  void TrimRequest();

  void Remove(StreamCall* call) ABSL_LOCKS_EXCLUDED(mutex_);
  void EndSilent() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Watch() ABSL_LOCKS_EXCLUDED(mutex_);

  Ingest& ingest_;
  storage::Clock& clock_;
  const absl::Duration silence_limit_;
  v1::StreamRequest request_;

  absl::Mutex mutex_;  // Before any StreamCall's own.
  absl::flat_hash_set<StreamCall*> calls_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread watch_;
};

}  // namespace ora::aggregator
