// The protocol of one collector's stream, without the transport: messages in, answers out.
//
// Batches are handed to storage in order, those of one message as one; acknowledgements come from
// storage's threads, in order and gathered (one Ack for all batches that became durable together).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "aggregator/fleet/fleet.h"
#include "ora/v1/ingest_service.pb.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/series_writer.h"

namespace ora::aggregator {

struct IngestOptions {
  uint32_t streams_max = 20'000;
  uint64_t outstanding_bytes_max = uint64_t{4} << 20;
  absl::Duration heartbeat_interval = absl::Seconds(5);
  uint32_t series_per_host_max = 100'000;
  // Batches of all streams with the store, above which a stream has one there at a time. So the
  // store's queue needs room for this many and for one of each stream.
  uint32_t pipelined_batches_max = 8'192;
};

// Where a session's answers go. Called from any thread, one call at a time for each session.
class IngestReplies {
 public:
  virtual ~IngestReplies() = default;

  // Must not block: queues the answer.
  virtual void Reply(v1::StreamResponse response) = 0;

  // Ends the stream with this status; no call comes after it.
  virtual void End(const absl::Status& status) = 0;
};

// Messages of one stream come from one thread at a time; storage calls back on its own.
class IngestSession {
 public:
  virtual ~IngestSession() = default;

  // The next message of the stream. An error is also given to Replies::End. May wait for nothing.
  virtual void Receive(const v1::StreamRequest& request) = 0;

  // A batch is with the store: Replies will hear of it, by an acknowledgement or the end.
  virtual bool AwaitsStore() const = 0;

  // The stream is over, however. Replies is not called after this returns.
  virtual void Close() = 0;
};

// What sessions share. Thread-safe; must outlive its sessions, as the references must outlive it.
class Ingest {
 public:
  virtual ~Ingest() = default;

  static std::unique_ptr<Ingest> Make(const IngestOptions& options, storage::SeriesWriter& writer,
                                      Fleet& fleet, storage::Clock& clock,
                                      storage::Counters& counters);

  // `replies` must live until Close has returned. RESOURCE_EXHAUSTED: `streams_max` is reached.
  virtual absl::StatusOr<std::unique_ptr<IngestSession>> Open(IngestReplies& replies) = 0;

  virtual uint32_t streams_open() const = 0;
};

}  // namespace ora::aggregator
