#include "tests/bench/load/host_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status/annotate.h"
#include "proto/status/grpc_status.h"

namespace ora::bench {
namespace {

// Definitions in one message: far below its limits in number and bytes.
constexpr uint32_t kDefinitionsAMessage = 2'000;
constexpr uint64_t kEpoch = 1;
// As a collector packs them: by bytes, and the least that a batch of so many series has.
constexpr uint64_t kPackBytesMax = 48 << 10;
constexpr uint64_t kSampleBytesMin = 9;

uint64_t PackMax(const LoadOptions& options) {
  const uint64_t batch_bytes = kSampleBytesMin * options.workload.series_per_host;
  return std::min(uint64_t{options.pack}, std::max(uint64_t{1}, kPackBytesMax / batch_bytes));
}

}  // namespace

HostStream::HostStream(uint32_t host, v1::IngestService::Stub& stub,
                       StreamSurroundings& surroundings)
    : number_(host),
      around_(surroundings),
      stub_(stub),
      host_(surroundings.options.workload, host, surroundings.quantiles) {
  for (const Step step : {Step::kStarted, Step::kWritten, Step::kRead, Step::kFinished}) {
    *Tag(step) = {this, step};
  }
}

void HostStream::Open() {
  phase_ = Phase::kStarting;
  due_.push_back(around_.clock.Monotonic());
  context_.set_wait_for_ready(true);  // A busy aggregator may let an attempt to connect time out.
  call_ = stub_.PrepareAsyncStream(&context_, &around_.queue);
  call_->StartCall(Tag(Step::kStarted));
}

void HostStream::Release(absl::Duration due) {
  if (released_ >= around_.options.batches) return;
  ++released_;
  due_.push_back(due);
  Advance();
}

void HostStream::ReleaseAll() {
  paced_ = false;
  released_ = around_.options.batches;
  Advance();
}

void HostStream::KeepAlive(absl::Duration now) {
  if (phase_ != Phase::kWelcomed || writing_ || now - last_sent_ < heartbeat_) return;
  v1::StreamRequest request;
  request.mutable_heartbeat();
  Write(request);
}

void HostStream::Close() {
  if (phase_ != Phase::kWelcomed || writing_) {
    Cancel();
    return;
  }
  phase_ = Phase::kClosing;
  writing_ = true;
  call_->WritesDone(Tag(Step::kWritten));
}

void HostStream::Happened(Step step, bool ok) {
  switch (step) {
    case Step::kStarted:
      if (!ok) return Finished();
      phase_ = Phase::kGreeting;
      call_->Read(&response_, Tag(Step::kRead));
      WriteHello();
      return;
    case Step::kWritten:
      writing_ = false;
      if (ok) Advance();  // If not, the read ends too and says why.
      return;
    case Step::kRead:
      if (!ok) return Finished();
      Received();
      return;
    case Step::kFinished: {
      const bool asked = phase_ == Phase::kClosing;
      phase_ = Phase::kFinished;
      if (!asked || !final_.ok()) {
        Fail(final_.ok() ? absl::UnavailableError("the aggregator ended the stream")
                         : FromGrpc(final_));
      }
      return;
    }
  }
}

// The call has nothing more to say but its status.
void HostStream::Finished() {
  if (phase_ != Phase::kClosing) phase_ = Phase::kFinishing;
  call_->Finish(&final_, Tag(Step::kFinished));
}

void HostStream::Advance() {
  if (phase_ != Phase::kWelcomed || writing_) return;
  if (defined_ < host_.series_count()) {
    WriteDefinitions();
  } else if (sent_ < released_ && sent_ - acknowledged_ < around_.options.window) {
    SendOrWait();
  }
}

void HostStream::SendOrWait() {
  if (around_.in_flight < around_.in_flight_max) {
    WriteBatches();
  } else if (!std::exchange(waiting_, true)) {
    around_.waiting.push_back(this);
  }
}

void HostStream::GoOn() {
  waiting_ = false;
  Advance();
}

void HostStream::Write(const v1::StreamRequest& request) {
  writing_ = true;
  last_sent_ = around_.clock.Monotonic();
  call_->Write(request, Tag(Step::kWritten));
}

void HostStream::WriteHello() {
  v1::StreamRequest request;
  v1::Hello* hello = request.mutable_hello();
  hello->set_collector_id(host_.name());
  hello->set_incarnation(around_.incarnation);
  hello->set_instance(host_.name());
  hello->set_version("ora-load");
  Write(request);
}

void HostStream::Define(uint32_t series, v1::SeriesDefinitions& definitions) const {
  v1::SeriesDefinition* definition = definitions.add_series();
  definition->set_id(series + 1);
  for (auto& [name, value] : host_.LabelsOf(series)) {
    v1::Label* label = definition->mutable_labels()->add_labels();
    label->set_name(name);
    label->set_value(value);
  }
}

void HostStream::WriteDefinitions() {
  v1::StreamRequest request;
  v1::SeriesDefinitions& definitions = *request.mutable_definitions();
  definitions.set_epoch(kEpoch);
  const auto series = static_cast<uint32_t>(host_.series_count());
  const uint32_t end = std::min(series, defined_ + kDefinitionsAMessage);
  for (; defined_ < end; ++defined_) Define(defined_, definitions);
  Write(request);
}

uint64_t HostStream::Ready() const {
  const uint64_t window = around_.options.window - (sent_ - acknowledged_);
  const uint64_t room = around_.in_flight_max - around_.in_flight;
  return std::min({released_ - sent_, window, room, message_batches_max_});
}

void HostStream::WriteBatches() {
  const uint64_t count = Ready();
  if (count == 1) {
    FillBatch(*around_.one.mutable_batch());
    Write(around_.one);
  } else {
    around_.several.mutable_batches()->clear_batches();
    for (uint64_t i = 0; i < count; ++i) {
      FillBatch(*around_.several.mutable_batches()->add_batches());
    }
    Write(around_.several);
  }
  around_.in_flight += count;
  if (!paced_) due_.insert(due_.end(), count, last_sent_);
}

void HostStream::FillBatch(v1::Batch& batch) {
  batch.Clear();
  v1::SampleBlock& block = *batch.add_blocks();
  const int64_t offset =
      W1OffsetMillis(around_.options.workload, number_, around_.options.hosts, sent_);
  block.set_time_millis(absl::ToUnixMillis(around_.options.start) + offset);
  const auto series = static_cast<int>(host_.series_count());
  block.mutable_series_ids()->Reserve(series);
  for (int id = 1; id <= series; ++id) block.add_series_ids(static_cast<uint32_t>(id));
  block.mutable_values()->Resize(series, 0);
  host_.Next(absl::MakeSpan(block.mutable_values()->mutable_data(), host_.series_count()));
  if (!host_.renamed().empty()) {
    batch.mutable_definitions()->set_epoch(kEpoch);
    for (const uint32_t index : host_.renamed()) Define(index, *batch.mutable_definitions());
  }
  batch.set_sequence(++sent_);
}

void HostStream::Received() {
  if (absl::Status status = Take(response_); !status.ok()) {
    Fail(status);
    Cancel();
  }
  call_->Read(&response_, Tag(Step::kRead));
  Advance();
}

absl::Status HostStream::Take(const v1::StreamResponse& response) {
  if (response.has_welcome()) {
    if (response.welcome().durable_sequence() != 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("has sent ", response.welcome().durable_sequence(),
                       " batches already; give another --host-prefix"));
    }
    phase_ = Phase::kWelcomed;
    heartbeat_ = absl::Milliseconds(response.welcome().heartbeat_millis());
    const uint64_t taken = std::max(uint32_t{1}, response.welcome().message_batches_max());
    message_batches_max_ = std::min(taken, PackMax(around_.options));
    return absl::OkStatus();
  }
  for (const v1::Rejection& rejection : response.ack().rejected()) {
    return absl::OutOfRangeError(absl::StrCat(rejection.samples(), " samples were rejected (",
                                              rejection.reason(), "): ", rejection.example()));
  }
  Acknowledged(response.ack().sequence());
  return absl::OkStatus();
}

void HostStream::Acknowledged(uint64_t sequence) {
  if (sequence <= acknowledged_) return;
  if (acknowledged_ == 0) {
    ++around_.opened;
    around_.progress.opened.fetch_add(1);
  }
  around_.progress.acknowledged.fetch_add(sequence - acknowledged_);
  around_.in_flight -= sequence - acknowledged_;
  const absl::Duration now = around_.clock.Monotonic();
  for (; acknowledged_ < sequence && !due_.empty(); ++acknowledged_) {
    if (due_.front() >= around_.measured_from) around_.latencies.Add(now - due_.front());
    due_.pop_front();
  }
}

void HostStream::Fail(const absl::Status& status) {
  if (failure_.ok()) failure_ = Annotate(status, absl::StrCat("stream of ", host_.name()));
}

}  // namespace ora::bench
