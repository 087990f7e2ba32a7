#include "tests/bench/load/stream_worker.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/transport/channel.h"

namespace ora::bench {
namespace {

// Streams that are being opened at once by a worker: below what a listening socket lets wait.
constexpr size_t kOpeningMax = 128;
// How often streams are looked at for failures and heartbeats.
constexpr absl::Duration kCheckInterval = absl::Milliseconds(100);
// How long all streams may take to open.
constexpr absl::Duration kOpenLimit = absl::Minutes(5);
// How long streams may take to end when asked to.
constexpr absl::Duration kCloseLimit = absl::Seconds(20);

}  // namespace

StreamWorker::StreamWorker(uint32_t index, const std::string& address, uint64_t incarnation,
                           const LoadOptions& options, const NormalQuantiles& quantiles,
                           storage::Clock& clock, LoadProgress& progress,
                           StopRequested stop_requested)
    : options_(options),
      clock_(clock),
      progress_(progress),
      stop_requested_(std::move(stop_requested)),
      around_{options, quantiles, clock, queue_, progress, incarnation} {
  around_.in_flight_max = options.in_flight == 0
                              ? UINT64_MAX
                              : std::max(uint64_t{1}, options.in_flight / options.threads);
  const uint32_t a_connection = options.hosts_per_connection;
  for (uint32_t first = index * a_connection; first < options.hosts;
       first += options.threads * a_connection) {
    const auto channel = MakeChannel(address, ChannelUse::kStream);
    if (!channel.ok()) {
      failure_ = channel.status();
      return;
    }
    stubs_.push_back(v1::IngestService::NewStub(*channel));
    const uint32_t end = std::min(options.hosts, first + a_connection);
    for (uint32_t host = first; host < end; ++host) {
      streams_.push_back(std::make_unique<HostStream>(host, *stubs_.back(), around_));
    }
  }
}

StreamWorker::~StreamWorker() {
  for (const auto& stream : streams_) {
    if (!stream->finished()) stream->Cancel();
  }
  while (!AllFinished()) Turn(absl::InfiniteDuration());
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

absl::Status StreamWorker::Open() {
  const absl::Duration until = clock_.Monotonic() + kOpenLimit;
  while (progress_.opened.load() < options_.hosts) {
    if (absl::Status status = CheckFailures(); !status.ok()) return status;
    if (clock_.Monotonic() > until) {
      failure_ = absl::DeadlineExceededError(absl::StrCat(
          "only ", progress_.opened.load(), " of ", options_.hosts, " streams were open after ",
          absl::FormatDuration(kOpenLimit), "; is the aggregator reachable?"));
    }
    OpenSome();
    Turn(clock_.Monotonic() + kCheckInterval);
  }
  return CheckFailures();
}

void StreamWorker::OpenSome() {
  while (opening_ < streams_.size() && opening_ - around_.opened < kOpeningMax) {
    streams_[opening_++]->Open();
  }
}

absl::Status StreamWorker::Deliver(absl::Duration begin, absl::Duration measured_from) {
  around_.latencies.Clear();
  around_.measured_from = measured_from;
  if (options_.rate == 0) {
    for (const auto& stream : streams_) stream->ReleaseAll();
  }
  const uint64_t wanted = options_.batches * options_.hosts;
  while (progress_.acknowledged.load() < wanted) {
    if (absl::Status status = CheckFailures(); !status.ok()) return status;
    absl::Duration until = clock_.Monotonic() + kCheckInterval;
    if (options_.rate > 0) until = std::min(until, ReleaseDue(begin));
    Turn(until);
  }
  return CheckFailures();
}

absl::Duration StreamWorker::ReleaseDue(absl::Duration begin) {
  const absl::Duration period = absl::Seconds(1) / options_.rate;
  const absl::Duration now = clock_.Monotonic();
  while (rounds_ + 1 < options_.batches && !streams_.empty()) {
    HostStream& stream = *streams_[next_paced_];
    const absl::Duration phase = period * static_cast<int64_t>(stream.host()) / options_.hosts;
    const absl::Duration due = begin + period * static_cast<int64_t>(rounds_) + phase;
    if (due > now) return due;
    stream.Release(due);
    if (++next_paced_ < streams_.size()) continue;
    next_paced_ = 0;
    ++rounds_;
  }
  return absl::InfiniteDuration();
}

void StreamWorker::Close() {
  for (const auto& stream : streams_) {
    if (!stream->finished()) stream->Close();
  }
  const absl::Duration until = clock_.Monotonic() + kCloseLimit;
  while (!AllFinished() && clock_.Monotonic() < until) Turn(until);
}

void StreamWorker::Turn(absl::Duration until) {
  void* tag = nullptr;
  bool ok = false;
  // gRPC's deadlines are on its own clock.
  const absl::Duration limit = std::max(until - clock_.Monotonic(), absl::ZeroDuration());
  const auto deadline = limit == absl::InfiniteDuration()
                            ? std::chrono::system_clock::time_point::max()
                            : std::chrono::system_clock::now() + absl::ToChronoMicroseconds(limit);
  if (queue_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) return;
  const auto* event = static_cast<HostStream::Event*>(tag);
  event->stream->Happened(event->step, ok);
  if (failure_.ok()) failure_ = event->stream->failure();
  while (!around_.waiting.empty() && around_.in_flight < around_.in_flight_max) {
    HostStream* stream = around_.waiting.front();
    around_.waiting.pop_front();
    stream->GoOn();
  }
}

absl::Status StreamWorker::CheckFailures() {
  if (!failure_.ok()) {
    progress_.abandoned.store(true);
    return failure_;
  }
  if (clock_.Monotonic() - checked_ < kCheckInterval) return absl::OkStatus();
  checked_ = clock_.Monotonic();
  if (progress_.abandoned.load()) return absl::CancelledError("another worker failed");
  if (stop_requested_()) return failure_ = absl::CancelledError("interrupted");
  KeepAlive();
  return absl::OkStatus();
}

void StreamWorker::KeepAlive() {
  const absl::Duration now = clock_.Monotonic();
  for (const auto& stream : streams_) stream->KeepAlive(now);
}

bool StreamWorker::AllFinished() const {
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const auto& stream) { return stream->finished(); });
}

}  // namespace ora::bench
