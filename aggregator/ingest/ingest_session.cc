#include "aggregator/ingest/ingest_session.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/ingest/batch_line.h"
#include "aggregator/ingest/series_dictionary.h"
#include "proto/contract/limits.h"
#include "proto/contract/request_checks.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

storage::Labels ToLabels(const v1::LabelSet& set) {
  std::vector<storage::Label> labels;
  labels.reserve(static_cast<size_t>(set.labels_size()));
  for (const v1::Label& label : set.labels()) labels.push_back({label.name(), label.value()});
  return storage::Labels(std::move(labels));
}

uint64_t SamplesOf(const v1::Batch& batch) {
  uint64_t samples = 0;
  for (const v1::SampleBlock& block : batch.blocks()) {
    samples += static_cast<uint64_t>(block.values_size());
  }
  return samples;
}

// What all sessions share.
struct Shared {
  const IngestOptions options;
  storage::SeriesWriter& writer;
  Fleet& fleet;
  storage::Clock& clock;
  IngestCounters counters;
  std::shared_ptr<StoreShare> share;
  std::atomic<uint32_t> streams_open{0};
};

class Session final : public IngestSession {
 public:
  Session(Shared& shared, IngestReplies& replies)
      : shared_(shared),
        dictionary_(size_t{2} * shared.options.series_per_host_max),
        line_(std::make_shared<BatchLine>(replies, shared.writer, shared.fleet, shared.share,
                                          shared.counters)) {}

  ~Session() override { Close(); }

  void Receive(const v1::StreamRequest& request) override {
    if (closed_ || line_->ended()) return;
    if (const absl::Status status = Take(request); !status.ok()) line_->End(status);
  }

  bool AwaitsStore() const override { return line_->outstanding_bytes() > 0; }

  void Close() override {
    if (closed_) return;
    closed_ = true;
    line_->Close();
    shared_.streams_open.fetch_sub(1);
  }

 private:
  absl::Status Take(const v1::StreamRequest& request);
  absl::Status TakeHello(const v1::Hello& hello);
  absl::Status TakeDefinitions(const v1::SeriesDefinitions& definitions);
  absl::Status Define(const v1::SeriesDefinition& definition);
  absl::Status TakeBatch(const v1::Batch& batch);
  absl::Status TakeBatches(const v1::Batches& batches);
  bool MayJoin(const v1::Batch& batch, const CheckedBatch& together) const;
  absl::Status Check(const v1::Batch& batch, CheckedBatch& together);
  absl::Status CheckOrder(const v1::Batch& batch) const;
  absl::Status CheckOutstanding(uint64_t bytes) const;
  // The samples of `block` whose series are known; the others go to `rejections`.
  absl::StatusOr<storage::WriteBlock> Resolve(const v1::SampleBlock& block, Rejections& rejections);

  Shared& shared_;
  bool closed_ = false;
  bool greeted_ = false;
  std::shared_ptr<HostStream> stream_;
  std::string instance_;
  storage::SenderMark sender_;  // With the newest sequence that was received.
  uint64_t durable_ = 0;        // Of the welcome: batches up to it are repeats.
  uint64_t epoch_ = 0;
  bool epoch_known_ = false;
  SeriesDictionary dictionary_;
  std::string limit_example_;  // The newest series that was refused, and why.
  uint64_t blocks_ = 0;
  // Shared with the callbacks of batches that are with the store; see BatchLine.
  std::shared_ptr<BatchLine> line_;
};

absl::Status Session::Take(const v1::StreamRequest& request) {
  if (request.has_hello()) return TakeHello(request.hello());
  if (!greeted_) {
    return absl::InvalidArgumentError("hello: is absent; it must be the first message of a stream");
  }
  if (!stream_->IsCurrent()) {
    return absl::FailedPreconditionError(
        absl::StrCat("stream of collector ", sender_.collector_id, ": a newer stream of instance ",
                     instance_, " has taken its place; run one collector for each instance"));
  }
  if (request.has_heartbeat()) {
    stream_->HeardSpool(request.heartbeat().spool_bytes());
    return absl::OkStatus();
  }
  stream_->Heard();
  if (request.has_definitions()) return TakeDefinitions(request.definitions());
  if (request.has_batch()) return TakeBatch(request.batch());
  if (request.has_batches()) return TakeBatches(request.batches());
  return absl::InvalidArgumentError(
      "message: is absent; send hello, definitions, batch, batches or heartbeat");
}

absl::Status Session::TakeHello(const v1::Hello& hello) {
  if (greeted_) {
    return absl::InvalidArgumentError(
        "hello: came twice; it is the first message of a stream only");
  }
  ORA_RETURN_IF_ERROR(contract::Validate(hello));
  absl::StatusOr<uint64_t> durable =
      shared_.writer.DurableSequence(hello.instance(), hello.collector_id(), hello.incarnation());
  if (!durable.ok()) {
    return absl::UnavailableError(
        absl::StrCat("mark of collector ", hello.collector_id(), ": ", durable.status().message()));
  }
  greeted_ = true;
  instance_ = hello.instance();
  sender_.collector_id = hello.collector_id();
  sender_.incarnation = hello.incarnation();
  durable_ = *durable;
  stream_ = shared_.fleet.Connected(hello);
  line_->SetStream(stream_);

  v1::StreamResponse response;
  v1::Welcome* welcome = response.mutable_welcome();
  welcome->set_durable_sequence(*durable);
  welcome->set_outstanding_bytes_max(shared_.options.outstanding_bytes_max);
  welcome->set_heartbeat_millis(
      static_cast<uint32_t>(absl::ToInt64Milliseconds(shared_.options.heartbeat_interval)));
  welcome->set_version(ORA_VERSION);
  welcome->set_message_batches_max(contract::kMessageBatchesMax);
  const absl::Time now = shared_.clock.Now();
  welcome->mutable_time()->set_seconds(absl::ToUnixSeconds(now));
  welcome->mutable_time()->set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(now - absl::FromUnixSeconds(absl::ToUnixSeconds(now)))));
  line_->Reply(std::move(response));
  return absl::OkStatus();
}

absl::Status Session::TakeDefinitions(const v1::SeriesDefinitions& definitions) {
  ORA_RETURN_IF_ERROR(contract::Validate(definitions, instance_));
  if (!epoch_known_ || definitions.epoch() != epoch_) dictionary_.Clear();
  epoch_known_ = true;
  epoch_ = definitions.epoch();
  for (const v1::SeriesDefinition& definition : definitions.series()) {
    ORA_RETURN_IF_ERROR(Define(definition));
  }
  return absl::OkStatus();
}

absl::Status Session::Define(const v1::SeriesDefinition& definition) {
  SeriesDictionary::Slot& slot = dictionary_.Define(definition.id());
  const storage::Labels labels = ToLabels(definition.labels());
  if (slot.ref == 0 && dictionary_.size() >= shared_.options.series_per_host_max) {
    dictionary_.AssignOverLimit(slot);
    limit_example_ =
        absl::StrCat("series ", labels.Get(storage::kMetricNameLabel), ": host ", instance_,
                     " has ", dictionary_.size(), " series, as many as series_per_host_max lets");
    return absl::OkStatus();
  }
  const absl::StatusOr<storage::SeriesRef> ref = shared_.writer.Intern(instance_, labels);
  if (ref.ok()) {
    dictionary_.Assign(slot, *ref);
    return absl::OkStatus();
  }
  if (!absl::IsResourceExhausted(ref.status())) {
    return absl::UnavailableError(
        absl::StrCat("series id ", definition.id(), ": ", ref.status().message()));
  }
  dictionary_.AssignOverLimit(slot);
  limit_example_ = std::string(ref.status().message());
  return absl::OkStatus();
}

absl::Status Session::CheckOrder(const v1::Batch& batch) const {
  if (batch.sequence() > sender_.sequence) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("batch.sequence: is ", batch.sequence(), " after ",
                                                 sender_.sequence,
                                                 "; it must rise within a stream"));
}

absl::Status Session::CheckOutstanding(uint64_t bytes) const {
  // A sender that counts other bytes of a batch than these is let off by one message.
  const uint64_t bytes_max = shared_.options.outstanding_bytes_max + contract::kMessageBytesMax;
  const uint64_t outstanding = line_->outstanding_bytes();
  if (outstanding + bytes <= bytes_max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("batch: makes ", outstanding + bytes,
                   " unacknowledged bytes; welcome.outstanding_bytes_max is ",
                   shared_.options.outstanding_bytes_max, ", wait for an ack first"));
}

absl::Status Session::TakeBatch(const v1::Batch& batch) {
  CheckedBatch checked;
  ORA_RETURN_IF_ERROR(Check(batch, checked));
  line_->Append(std::move(checked));
  return absl::OkStatus();
}

absl::Status Session::TakeBatches(const v1::Batches& batches) {
  ORA_RETURN_IF_ERROR(contract::Validate(batches));
  CheckedBatch together;
  absl::Status status;
  for (const v1::Batch& batch : batches.batches()) {
    if (!MayJoin(batch, together)) line_->Append(std::exchange(together, {}));
    status = Check(batch, together);
    if (!status.ok()) break;
  }
  if (together.batches > 0) line_->Append(std::move(together));  // Those before a wrong one.
  return status;
}

// Whether the store may take the batch as one with those before it: not if some are repeats, since
// it judges by the last one's sequence.
bool Session::MayJoin(const v1::Batch& batch, const CheckedBatch& together) const {
  if (together.batches == 0) return true;
  const bool repeat = together.batch.sender.sequence <= durable_;
  return !repeat && together.samples + SamplesOf(batch) <= contract::kBatchSamplesMax;
}

// Adds the batch to `together`, which stays as it is if the batch is wrong.
absl::Status Session::Check(const v1::Batch& batch, CheckedBatch& together) {
  ORA_RETURN_IF_ERROR(contract::Validate(batch));
  ORA_RETURN_IF_ERROR(CheckOrder(batch));
  const uint64_t bytes = batch.ByteSizeLong();
  ORA_RETURN_IF_ERROR(CheckOutstanding(together.bytes + bytes));
  if (batch.has_definitions()) ORA_RETURN_IF_ERROR(TakeDefinitions(batch.definitions()));

  sender_.sequence = batch.sequence();
  std::vector<storage::WriteBlock>& blocks = together.batch.blocks;
  const size_t blocks_before = blocks.size();
  Rejections rejections;
  int64_t newest_millis = INT64_MIN;
  for (const v1::SampleBlock& block : batch.blocks()) {
    absl::StatusOr<storage::WriteBlock> resolved = Resolve(block, rejections);
    if (!resolved.ok()) {
      blocks.resize(blocks_before);
      return resolved.status();
    }
    newest_millis = std::max(newest_millis, block.time_millis());
    if (!resolved->series.empty()) blocks.push_back(*std::move(resolved));
  }
  if (batch.blocks_size() > 0) {
    together.skew = absl::FromUnixMillis(newest_millis) - shared_.clock.Now();
  }
  if (together.batches == 0) together.batch.instance = instance_;
  together.batch.sender = sender_;
  ++together.batches;
  together.samples += SamplesOf(batch);
  together.bytes += bytes;
  together.rejections.Add(std::move(rejections));
  return absl::OkStatus();
}

absl::StatusOr<storage::WriteBlock> Session::Resolve(const v1::SampleBlock& block,
                                                     Rejections& rejections) {
  storage::WriteBlock resolved;
  resolved.time_millis = block.time_millis();
  resolved.series.reserve(static_cast<size_t>(block.series_ids_size()));
  resolved.values.reserve(static_cast<size_t>(block.series_ids_size()));
  ++blocks_;
  for (int i = 0; i < block.series_ids_size(); ++i) {
    const uint32_t id = block.series_ids(i);
    SeriesDictionary::Slot* slot = dictionary_.Find(id);
    if (slot == nullptr) {
      rejections.Add(RejectionReason::kUnknownSeries, 1, [id] {
        return absl::StrCat("series id ", id, " was not defined on this stream");
      });
      continue;
    }
    if (slot->last_block == blocks_) {
      return absl::InvalidArgumentError(
          absl::StrCat("batch.blocks: series id ", id, " comes twice at time_millis ",
                       block.time_millis(), "; send each id at most once in a block"));
    }
    slot->last_block = blocks_;
    if (slot->over_limit) {
      rejections.Add(RejectionReason::kSeriesLimit, 1, [this] { return limit_example_; });
      continue;
    }
    resolved.series.push_back(slot->ref);
    resolved.values.push_back(block.values(i));
  }
  return resolved;
}

class DurableIngest final : public Ingest {
 public:
  DurableIngest(const IngestOptions& options, storage::SeriesWriter& writer, Fleet& fleet,
                storage::Clock& clock, storage::Counters& counters)
      : shared_{options,
                writer,
                fleet,
                clock,
                IngestCounters(counters),
                std::make_shared<StoreShare>(options.pipelined_batches_max)} {}

  absl::StatusOr<std::unique_ptr<IngestSession>> Open(IngestReplies& replies) override {
    const uint32_t open = shared_.streams_open.fetch_add(1);
    if (open >= shared_.options.streams_max) {
      shared_.streams_open.fetch_sub(1);
      shared_.counters.streams_refused.Increment();
      return absl::ResourceExhaustedError(
          absl::StrCat("stream: ", open, " are open and streams_max is ",
                       shared_.options.streams_max, "; come again, or raise ingest.streams_max"));
    }
    shared_.counters.streams.Increment();
    return std::make_unique<Session>(shared_, replies);
  }

  uint32_t streams_open() const override { return shared_.streams_open.load(); }

 private:
  Shared shared_;
};

}  // namespace

std::unique_ptr<Ingest> Ingest::Make(const IngestOptions& options, storage::SeriesWriter& writer,
                                     Fleet& fleet, storage::Clock& clock,
                                     storage::Counters& counters) {
  return std::make_unique<DurableIngest>(options, writer, fleet, clock, counters);
}

}  // namespace ora::aggregator
