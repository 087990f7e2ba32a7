#include "collector/ship/shipper.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <limits>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "collector/ship/backoff.h"
#include "collector/ship/batch_source.h"
#include "collector/ship/ingest_stream.h"
#include "collector/ship/refusals.h"
#include "proto/status/grpc_status.h"

namespace ora::collector {
namespace {

constexpr uint64_t kNoBatch = std::numeric_limits<uint64_t>::max();
// What a welcome that names none gets.
constexpr absl::Duration kHeartbeatDefault = absl::Seconds(5);
// Batches that wait are sent together until their message has so many bytes: from there on it costs
// by its bytes, and a far aggregator's window is no longer.
constexpr size_t kPackBytesMax = 48 << 10;

struct ShipCounters {
  explicit ShipCounters(storage::Counters& counters)
      : streams(counters.Get("ora_ship_streams_total")),
        failures(counters.Get("ora_ship_stream_failures_total")),
        batches(counters.Get("ora_ship_batches_sent_total")),
        bytes(counters.Get("ora_ship_bytes_sent_total")),
        acknowledged(counters.Get("ora_ship_batches_acknowledged_total")),
        rejected_samples(counters.Get("ora_ship_rejected_samples_total")),
        poison_batches(counters.Get("ora_ship_poison_batches_total")),
        poison_samples(counters.Get("ora_ship_poison_samples_total")),
        sequence_conflicts(counters.Get("ora_ship_sequence_conflicts_total")) {}

  storage::Counter &streams, &failures, &batches, &bytes, &acknowledged, &rejected_samples,
      &poison_batches, &poison_samples, &sequence_conflicts;
};

struct InFlight {
  uint64_t sequence = 0;
  uint64_t bytes = 0;
  uint64_t samples = 0;
};

// What belongs to one stream, for as long as it lasts.
struct Delivery {
  v1::Welcome welcome;
  absl::optional<BatchSource> source;  // From the welcome on.
  absl::optional<OutgoingBatch> next;  // Read, and waiting for its turn.
  std::deque<v1::StreamRequest> messages;
  std::deque<InFlight> in_flight;
  uint64_t bytes_in_flight = 0;
  absl::Duration started;
  absl::Duration last_sent;
  bool acknowledged_any = false;

  absl::Duration heartbeat() const {
    return welcome.heartbeat_millis() == 0 ? kHeartbeatDefault
                                           : absl::Milliseconds(welcome.heartbeat_millis());
  }
};

class StreamShipper final : public Shipper {
 public:
  StreamShipper(const ShipperOptions& options, std::shared_ptr<grpc::Channel> channel, Spool& spool,
                storage::Clock& clock, storage::LogSink& log, storage::Counters& counters)
      : options_(options),
        stub_(v1::IngestService::NewStub(channel)),
        spool_(spool),
        clock_(clock),
        log_(log),
        counters_(counters),
        backoff_({options.backoff_min, options.backoff_max}, options.jitter_seed),
        acknowledged_(spool.Statistics().acknowledged_sequence),
        thread_([this] { Run(); }) {}

  ~StreamShipper() override { Stop(); }

  bool Drain(absl::Duration limit) override ABSL_LOCKS_EXCLUDED(mutex_);
  void Stop() override;
  ShipperState state() const override { return state_; }

 private:
  void Run();
  absl::Status Deliver(Delivery& delivery);
  absl::Status TakeResponses(IngestStream& stream, Delivery& delivery);
  absl::Status TakeWelcome(const v1::Welcome& welcome, Delivery& delivery);
  absl::Status TakeAck(const v1::Ack& ack, Delivery& delivery);
  absl::Status Send(IngestStream& stream, Delivery& delivery);
  absl::Status PrepareNext(Delivery& delivery);
  absl::Status ReadNext(Delivery& delivery);
  bool Pack(Delivery& delivery) const;
  void Started(Delivery& delivery);
  bool MayStart(const OutgoingBatch& batch, const Delivery& delivery) const;
  void SendHeartbeat(IngestStream& stream, Delivery& delivery);
  absl::Duration AfterFailure(const absl::Status& status, const Delivery& delivery);
  void NoteRefusal(const absl::Status& status, const Delivery& delivery);
  void DropPoison(uint64_t sequence, uint64_t samples, absl::string_view why);
  void Acknowledge(uint64_t sequence) ABSL_LOCKS_EXCLUDED(mutex_);
  void Pause(absl::Duration delay);

  const ShipperOptions options_;
  const std::unique_ptr<v1::IngestService::Stub> stub_;
  Spool& spool_;
  storage::Clock& clock_;
  storage::LogSink& log_;
  const ShipCounters counters_;

  std::atomic<bool> stop_{false};
  std::atomic<ShipperState> state_{ShipperState::kConnecting};

  // The thread's own.
  Backoff backoff_;
  Refusals refusals_;
  std::string last_failure_;  // Not logged again while it repeats.

  mutable absl::Mutex mutex_;
  uint64_t acknowledged_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // Last: it uses all of the above.
};

void StreamShipper::Run() {
  while (!stop_) {
    Delivery delivery;
    const absl::Status status = Deliver(delivery);
    if (stop_) break;
    state_ = ShipperState::kConnecting;
    Pause(AfterFailure(status, delivery));
  }
  state_ = ShipperState::kStopped;
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
}

// One stream from its hello to its end.
absl::Status StreamShipper::Deliver(Delivery& delivery) {
  IngestStream stream(*stub_, clock_, [this] { spool_.Wake(); });
  counters_.streams.Increment();
  delivery.started = delivery.last_sent = clock_.Monotonic();
  v1::StreamRequest hello;
  *hello.mutable_hello() = options_.hello;
  hello.mutable_hello()->set_incarnation(spool_.incarnation());
  stream.Write(std::move(hello));

  while (!stop_) {
    if (absl::Status status = TakeResponses(stream, delivery); !status.ok()) return status;
    if (stream.broken()) break;
    const absl::Duration now = clock_.Monotonic();
    absl::Duration limit;
    if (!delivery.source.has_value()) {
      limit = delivery.started + options_.welcome_limit - now;
      if (limit <= absl::ZeroDuration()) {
        return absl::DeadlineExceededError(
            absl::StrCat("no welcome within ", absl::FormatDuration(options_.welcome_limit)));
      }
    } else {
      if (absl::Status status = Send(stream, delivery); !status.ok()) return status;
      limit = delivery.last_sent + delivery.heartbeat() - now;
      if (limit <= absl::ZeroDuration() && stream.writable()) {
        SendHeartbeat(stream, delivery);
        limit = delivery.heartbeat();
      }
    }
    // A write that is not done in time must not make this loop spin.
    if (limit <= absl::ZeroDuration()) limit = delivery.heartbeat();
    const bool hungry = delivery.source.has_value() && !delivery.next.has_value() &&
                        delivery.messages.empty() && stream.writable();
    spool_.AwaitBatch(hungry ? delivery.source->position() : kNoBatch, limit);
  }
  const grpc::Status status = stream.Close();
  // The last acknowledgements may have come with the end.
  if (absl::Status taken = TakeResponses(stream, delivery); !taken.ok()) return taken;
  return status.ok() ? absl::UnavailableError("the aggregator ended the stream") : FromGrpc(status);
}

absl::Status StreamShipper::TakeResponses(IngestStream& stream, Delivery& delivery) {
  while (absl::optional<v1::StreamResponse> response = stream.TakeResponse()) {
    absl::Status status;
    if (response->has_welcome()) {
      status = TakeWelcome(response->welcome(), delivery);
    } else if (response->has_ack()) {
      status = TakeAck(response->ack(), delivery);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status StreamShipper::TakeWelcome(const v1::Welcome& welcome, Delivery& delivery) {
  if (delivery.source.has_value()) return absl::InternalError("a second welcome");
  const SpoolStatistics spooled = spool_.Statistics();
  if (welcome.durable_sequence() > spooled.last_sequence) {
    counters_.sequence_conflicts.Increment();
    log_.Error(absl::StrCat("ship: the aggregator holds batch ", welcome.durable_sequence(),
                            " but the spool's last is ", spooled.last_sequence,
                            ": batches up to it would be taken for repeats; if the state "
                            "directory was restored from a copy, empty it"));
  }
  delivery.welcome = welcome;
  Acknowledge(std::min(welcome.durable_sequence(), spooled.last_sequence));
  refusals_.Forget(welcome.durable_sequence());
  delivery.source.emplace(spool_, welcome.durable_sequence(), refusals_.given_up());
  state_ = ShipperState::kStreaming;
  log_.Info(absl::StrCat("ship: the aggregator (", welcome.version(), ") takes batches after ",
                         welcome.durable_sequence(), "; ", spooled.batches_pending, " wait"));
  return absl::OkStatus();
}

absl::Status StreamShipper::TakeAck(const v1::Ack& ack, Delivery& delivery) {
  if (!delivery.source.has_value()) return absl::InternalError("an acknowledgement before welcome");
  for (const v1::Rejection& rejection : ack.rejected()) {
    counters_.rejected_samples.Add(rejection.samples());
    log_.Warning(absl::StrCat("ship: ", rejection.samples(), " samples up to batch ",
                              ack.sequence(), " were rejected, ", rejection.reason(), ": ",
                              rejection.example()));
  }
  uint64_t durable = 0;
  while (!delivery.in_flight.empty() && delivery.in_flight.front().sequence <= ack.sequence()) {
    const InFlight& batch = delivery.in_flight.front();
    durable = batch.sequence;
    delivery.bytes_in_flight -= batch.bytes;
    counters_.acknowledged.Increment();
    delivery.in_flight.pop_front();
  }
  if (durable == 0) return absl::OkStatus();
  delivery.acknowledged_any = true;
  last_failure_.clear();
  refusals_.Forget(durable);
  // With nothing under way or in line, all that was read is durable or left out.
  const bool all = delivery.in_flight.empty() && !delivery.next.has_value();
  Acknowledge(all ? delivery.source->position() : durable);
  return absl::OkStatus();
}

absl::Status StreamShipper::Send(IngestStream& stream, Delivery& delivery) {
  if (!stream.writable()) return absl::OkStatus();
  if (delivery.messages.empty()) {
    if (absl::Status status = PrepareNext(delivery); !status.ok()) return status;
  }
  if (delivery.messages.empty()) return absl::OkStatus();
  stream.Write(std::move(delivery.messages.front()));
  delivery.messages.pop_front();
  delivery.last_sent = clock_.Monotonic();
  return absl::OkStatus();
}

// Puts the messages of the next batch in line, if there is one and its turn has come, and with it,
// as one message, those of the batches that are ready too.
absl::Status StreamShipper::PrepareNext(Delivery& delivery) {
  if (absl::Status status = ReadNext(delivery); !status.ok()) return status;
  if (!delivery.next.has_value() || !MayStart(*delivery.next, delivery)) return absl::OkStatus();
  for (v1::StreamRequest& message : delivery.next->messages) {
    delivery.messages.push_back(std::move(message));
  }
  uint64_t packed_bytes = delivery.next->bytes;
  Started(delivery);
  while (true) {
    if (absl::Status status = ReadNext(delivery); !status.ok()) return status;
    if (!delivery.next.has_value() || !MayStart(*delivery.next, delivery)) return absl::OkStatus();
    packed_bytes += delivery.next->bytes;
    if (packed_bytes > kPackBytesMax || !Pack(delivery)) return absl::OkStatus();
    Started(delivery);
  }
}

// Reads until there is a batch that can be sent, or none is left.
absl::Status StreamShipper::ReadNext(Delivery& delivery) {
  while (!delivery.next.has_value()) {
    absl::StatusOr<absl::optional<OutgoingBatch>> next = delivery.source->Next();
    if (!next.ok()) return next.status();
    if (!next->has_value()) return absl::OkStatus();
    if ((*next)->sendable) {
      delivery.next = *std::move(next);
      break;
    }
    DropPoison((*next)->sequence, (*next)->samples,
               absl::StrCat("its ", (*next)->bytes, " bytes are no message that can be sent"));
    refusals_.GiveUp((*next)->sequence);
    if (delivery.in_flight.empty()) Acknowledge((*next)->sequence);
  }
  return absl::OkStatus();
}

// Adds the next batch to the last message in line; false where it cannot be.
bool StreamShipper::Pack(Delivery& delivery) const {
  v1::StreamRequest& message = delivery.messages.back();
  const bool alone = delivery.next->messages.size() == 1;  // No series to be named before it.
  const int count = message.has_batches() ? message.batches().batches_size() : 1;
  if (!alone || static_cast<uint32_t>(count) >= delivery.welcome.message_batches_max()) {
    return false;
  }
  if (message.has_batch()) {
    v1::Batch first = std::move(*message.mutable_batch());
    *message.mutable_batches()->add_batches() = std::move(first);
  }
  *message.mutable_batches()->add_batches() =
      std::move(*delivery.next->messages.front().mutable_batch());
  return true;
}

// The next batch is in line: its bytes are under way.
void StreamShipper::Started(Delivery& delivery) {
  const OutgoingBatch& batch = *delivery.next;
  delivery.in_flight.push_back({batch.sequence, batch.bytes, batch.samples});
  delivery.bytes_in_flight += batch.bytes;
  counters_.batches.Increment();
  counters_.bytes.Add(batch.bytes);
  delivery.next.reset();
}

bool StreamShipper::MayStart(const OutgoingBatch& batch, const Delivery& delivery) const {
  if (delivery.in_flight.empty()) return true;  // One may always be: it could never go otherwise.
  if (refusals_.Suspected(batch.sequence)) return false;
  return delivery.bytes_in_flight + batch.bytes <= delivery.welcome.outstanding_bytes_max();
}

void StreamShipper::SendHeartbeat(IngestStream& stream, Delivery& delivery) {
  v1::StreamRequest request;
  request.mutable_heartbeat()->set_spool_bytes(spool_.Statistics().bytes_pending);
  stream.Write(std::move(request));
  delivery.last_sent = clock_.Monotonic();
}

absl::Duration StreamShipper::AfterFailure(const absl::Status& status, const Delivery& delivery) {
  counters_.failures.Increment();
  const bool lasted = clock_.Monotonic() - delivery.started >= options_.backoff_max;
  if (delivery.acknowledged_any || (lasted && delivery.source.has_value())) backoff_.Reset();
  const std::string failure = status.ToString();
  if (failure != last_failure_) {
    log_.Warning(absl::StrCat("ship: stream ended: ", failure, "; batches wait in the spool"));
    last_failure_ = failure;
  }
  if (absl::IsFailedPrecondition(status)) {
    log_.Error(absl::StrCat("ship: collector ", options_.hello.collector_id(),
                            " was replaced by a newer stream: ", status.message(),
                            "; give each collector a collector_id of its own"));
    return backoff_.Jitter(options_.replaced_backoff);
  }
  if (absl::IsInvalidArgument(status)) NoteRefusal(status, delivery);
  return backoff_.Next();
}

void StreamShipper::NoteRefusal(const absl::Status& status, const Delivery& delivery) {
  if (delivery.in_flight.empty()) {
    log_.Error(absl::StrCat("ship: the aggregator refuses this collector: ", status.message()));
    return;
  }
  const InFlight& first = delivery.in_flight.front();
  const uint64_t last = delivery.in_flight.back().sequence;
  if (refusals_.Refuse(first.sequence, last) != Refusals::Verdict::kGivenUp) return;
  DropPoison(first.sequence, first.samples,
             absl::StrCat("refused ", kRefusalsMax, " times: ", status.message()));
  Acknowledge(first.sequence);  // All before it are: it was alone under way.
}

void StreamShipper::DropPoison(uint64_t sequence, uint64_t samples, absl::string_view why) {
  counters_.poison_batches.Increment();
  counters_.poison_samples.Add(samples);
  log_.Error(absl::StrCat("ship: batch ", sequence, " is left out, its ", samples,
                          " samples are lost: ", why));
}

void StreamShipper::Acknowledge(uint64_t sequence) {
  spool_.Acknowledge(sequence);
  const uint64_t acknowledged = spool_.Statistics().acknowledged_sequence;
  absl::MutexLock lock(&mutex_);
  acknowledged_ = acknowledged;
}

void StreamShipper::Pause(absl::Duration delay) {
  const absl::Duration end = clock_.Monotonic() + delay;
  for (absl::Duration left = delay; !stop_ && left > absl::ZeroDuration();
       left = end - clock_.Monotonic()) {
    spool_.AwaitBatch(kNoBatch, left);
  }
}

bool StreamShipper::Drain(absl::Duration limit) {
  const uint64_t last = spool_.Statistics().last_sequence;
  absl::MutexLock lock(&mutex_);
  const auto over = [this, last]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return acknowledged_ >= last || stopped_;
  };
  clock_.Await(mutex_, absl::Condition(&over), limit);
  return acknowledged_ >= last;
}

void StreamShipper::Stop() {
  stop_ = true;
  spool_.Wake();
  if (thread_.joinable()) thread_.join();
}

}  // namespace

std::unique_ptr<Shipper> Shipper::Start(const ShipperOptions& options,
                                        std::shared_ptr<grpc::Channel> channel, Spool& spool,
                                        storage::Clock& clock, storage::LogSink& log,
                                        storage::Counters& counters) {
  return std::make_unique<StreamShipper>(options, std::move(channel), spool, clock, log, counters);
}

}  // namespace ora::collector
