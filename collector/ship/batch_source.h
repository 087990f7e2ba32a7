// The spool as the messages of one stream.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "collector/spool/spool.h"
#include "ora/v1/ingest_service.pb.h"

namespace ora::collector {

// A batch, and before it what a stream must be told that begins within the batch's segment.
struct OutgoingBatch {
  uint64_t sequence = 0;
  uint64_t samples = 0;
  uint64_t bytes = 0;                       // Of the batch's own message.
  std::vector<v1::StreamRequest> messages;  // Definitions, then the batch.
  bool sendable = true;                     // Else it is no batch, or more than a message may hold.
};

// One a stream. Reads all that the spool keeps, since series of a batch may be named in one that is
// acknowledged. One thread.
class BatchSource {
 public:
  // Gives batches above `durable` that are not in `left_out`. References must outlive it.
  BatchSource(Spool& spool, uint64_t durable, const std::set<uint64_t>& left_out)
      : spool_(spool), durable_(durable), left_out_(left_out) {}

  // The next batch; none if the spool has no more now.
  absl::StatusOr<absl::optional<OutgoingBatch>> Next();

  // The sequence of the last batch that was read.
  uint64_t position() const { return position_; }

 private:
  OutgoingBatch Pack(uint64_t sequence, v1::Batch batch);
  void PackDefinitions(std::vector<v1::StreamRequest>& messages);

  Spool& spool_;
  const uint64_t durable_;
  const std::set<uint64_t>& left_out_;
  uint64_t position_ = 0;
  uint64_t segment_ = 0;
  v1::SeriesDefinitions untold_;  // Of this segment, by batches that are not sent.
};

}  // namespace ora::collector
