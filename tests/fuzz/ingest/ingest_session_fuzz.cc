// Arbitrary bytes as the requests of one stream: a session never crashes, acknowledges in rising
// order, says nothing after its end, and hands only what is well-formed to the store.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "aggregator/ingest/ingest_session.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/util/delimited_message_util.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/fakes/memory_series_writer.h"
#include "tests/fakes/memory_state_store.h"

namespace {

using ora::aggregator::Fleet;
using ora::aggregator::Ingest;

void Require(bool holds) {
  if (!holds) std::abort();
}

class CheckedReplies final : public ora::aggregator::IngestReplies {
 public:
  void Reply(ora::v1::StreamResponse response) override {
    Require(!ended_);
    Require(response.has_welcome() == !welcomed_);
    welcomed_ = true;
    if (!response.has_ack()) return;
    Require(response.ack().sequence() > last_);
    last_ = response.ack().sequence();
  }
  void End(const absl::Status& status) override {
    Require(!ended_ && !status.ok());
    ended_ = true;
  }

 private:
  bool welcomed_ = false;
  bool ended_ = false;
  uint64_t last_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ora::fakes::ManualClock clock;
  ora::fakes::MemoryLogSink log;
  ora::fakes::MemoryStateStore state;
  ora::fakes::MemorySeriesWriter writer;
  ora::storage::Counters counters;
  const auto fleet = *Fleet::Open({}, state, writer, clock, log, counters);
  const auto ingest = Ingest::Make({.series_per_host_max = 100}, writer, *fleet, clock, counters);
  CheckedReplies replies;
  const auto session = *ingest->Open(replies);

  google::protobuf::io::ArrayInputStream input(bytes, static_cast<int>(size));
  ora::v1::StreamRequest request;
  bool clean_end = false;
  while (google::protobuf::util::ParseDelimitedFromZeroCopyStream(&request, &input, &clean_end)) {
    session->Receive(request);
    request.Clear();
  }
  for (const ora::storage::WriteBatch& batch : writer.stored()) {
    Require(!batch.instance.empty() && batch.sender.sequence > 0);
    for (const ora::storage::WriteBlock& block : batch.blocks) {
      Require(!block.series.empty() && block.series.size() == block.values.size());
      for (const ora::storage::SeriesRef ref : block.series) {
        Require(writer.LabelsOf(ref).Get("instance") == batch.instance);
      }
    }
  }
  session->Close();
  return 0;
}
