#include "tests/unit/collector/ship/fake_aggregator.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/contract/limits.h"
#include "storage/sample.h"

namespace ora::collector {
namespace {

std::string MetricOf(const v1::LabelSet& labels) {
  for (const v1::Label& label : labels.labels()) {
    if (label.name() == "__name__") return label.value();
  }
  return "";
}

}  // namespace

FakeAggregator::FakeAggregator() {
  welcome_.set_outstanding_bytes_max(1 << 20);
  welcome_.set_heartbeat_millis(5000);
  welcome_.set_message_batches_max(contract::kMessageBatchesMax);
  grpc::ServerBuilder builder;
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeAggregator::~FakeAggregator() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::shared_ptr<grpc::Channel> FakeAggregator::channel() { return server_->InProcessChannel({}); }

void FakeAggregator::set_react(React react) {
  absl::MutexLock lock(&mutex_);
  react_ = std::move(react);
}

void FakeAggregator::set_welcome(const v1::Welcome& welcome) {
  absl::MutexLock lock(&mutex_);
  welcome_ = welcome;
}

void FakeAggregator::set_greeting(Greeting greeting, const grpc::Status& refusal) {
  absl::MutexLock lock(&mutex_);
  greeting_ = greeting;
  refusal_ = refusal;
}

void FakeAggregator::set_durable(uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  seen_.durable = sequence;
}

FakeAggregator::Seen FakeAggregator::seen() const {
  absl::MutexLock lock(&mutex_);
  return seen_;
}

bool FakeAggregator::Await(const std::function<bool(const Seen&)>& condition,
                           absl::Duration limit) const {
  absl::MutexLock lock(&mutex_);
  const auto holds = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return condition(seen_); };
  return mutex_.AwaitWithTimeout(absl::Condition(&holds), limit);
}

grpc::Status FakeAggregator::Stream(grpc::ServerContext*, Stream_* stream) {
  v1::StreamRequest request;
  if (!stream->Read(&request)) return grpc::Status::OK;
  if (!request.has_hello()) return Break("the first message is no hello");
  v1::StreamResponse response;
  Greeting greeting;
  {
    absl::MutexLock lock(&mutex_);
    ++seen_.streams;
    seen_.collectors[request.hello().collector_id()] = request.hello().incarnation();
    seen_.instances.insert(request.hello().instance());
    *response.mutable_welcome() = welcome_;
    response.mutable_welcome()->set_durable_sequence(seen_.durable);
    greeting = greeting_;
    if (greeting == Greeting::kRefusal) return refusal_;
  }
  if (greeting == Greeting::kWelcome) stream->Write(response);

  StreamMemory memory;
  while (stream->Read(&request)) {
    if (request.has_heartbeat()) {
      absl::MutexLock lock(&mutex_);
      ++seen_.heartbeats;
      continue;
    }
    if (request.has_definitions()) memory.Learn(request.definitions());
    if (request.has_batch()) *request.mutable_batches()->add_batches() = v1::Batch(request.batch());
    if (request.batches().batches_size() > 0) {
      absl::MutexLock lock(&mutex_);
      seen_.batches_a_message.push_back(request.batches().batches_size());
    }
    for (const v1::Batch& batch : request.batches().batches()) {
      if (grpc::Status status = Take(batch, memory, *stream); !status.ok()) return status;
    }
  }
  return grpc::Status::OK;
}

void FakeAggregator::StreamMemory::Learn(const v1::SeriesDefinitions& definitions) {
  if (definitions.series_size() == 0) return;
  if (definitions.epoch() != epoch) names.clear();
  epoch = definitions.epoch();
  for (const v1::SeriesDefinition& series : definitions.series()) {
    names[series.id()] = MetricOf(series.labels());
  }
}

grpc::Status FakeAggregator::Take(const v1::Batch& batch, StreamMemory& memory, Stream_& stream) {
  memory.Learn(batch.definitions());
  if (batch.sequence() <= memory.last) {
    return Break(absl::StrCat("batch ", batch.sequence(), " twice"));
  }
  memory.last = batch.sequence();
  for (const v1::SampleBlock& block : batch.blocks()) {
    for (uint32_t id : block.series_ids()) {
      if (memory.names.count(id) == 0) return Break(absl::StrCat("series ", id, " has no name"));
    }
  }
  React react;
  {
    absl::MutexLock lock(&mutex_);
    seen_.received.push_back(batch.sequence());
    react = react_;
  }
  const Reaction reaction = react ? react(batch) : Reaction{};
  if (reaction.kind == Reaction::Kind::kEnd) return reaction.status;
  Keep(batch, memory.names);
  if (reaction.kind == Reaction::Kind::kKeepSilently) return grpc::Status::OK;
  v1::StreamResponse response;
  *response.mutable_ack() = reaction.ack;
  response.mutable_ack()->set_sequence(batch.sequence());
  stream.Write(response);
  return grpc::Status::OK;
}

grpc::Status FakeAggregator::Break(const std::string& what) {
  absl::MutexLock lock(&mutex_);
  seen_.broken_promise = what;
  return {grpc::StatusCode::UNKNOWN, what};
}

void FakeAggregator::Keep(const v1::Batch& batch, const Dictionary& names) {
  absl::MutexLock lock(&mutex_);
  if (batch.sequence() <= seen_.durable) return;
  seen_.durable = batch.sequence();
  for (const v1::SampleBlock& block : batch.blocks()) {
    for (int i = 0; i < block.series_ids_size(); ++i) {
      const double value = block.values(i);
      ++seen_.samples[absl::StrCat(names.at(block.series_ids(i)), "@", block.time_millis(), "=",
                                   storage::IsStaleMarker(value) ? "stale" : absl::StrCat(value))];
    }
  }
}

}  // namespace ora::collector
