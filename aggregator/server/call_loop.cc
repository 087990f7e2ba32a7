#include "aggregator/server/call_loop.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ora::aggregator {
namespace {

// gRPC may say "nothing is there" when it was kicked, or after an event that concerns no call.
constexpr size_t kQuietLooks = 3;
// A look brings in what came on one connection, for whichever queue. So with several queues many
// are wanted before it is sure that nothing is there.
constexpr size_t kQuietLooksSpread = 100;
// How long after a call has begun the next one is looked for more often.
constexpr absl::Duration kPromptFor = absl::Seconds(1);
// Events that are taken from one lane before the next has its turn, and from all before what was
// posted has.
constexpr size_t kVisitEvents = 256;
constexpr size_t kRoundEvents = 4'096;

}  // namespace

CallLoop::Queues CallLoop::AddQueues(grpc::ServerBuilder& builder) {
  Queues queues;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    // Only the first is looked at always: connections are its.
    queues.push_back(builder.AddCompletionQueue(/*is_frequently_polled=*/lane == 0));
  }
  return queues;
}

void CallLoop::Start(const MethodTable& methods, grpc::AsyncGenericService& service,
                     Queues queues) {
  methods_ = &methods;
  service_ = &service;
  for (auto& queue : queues) lanes_.push_back({std::move(queue)});
  AwaitCall();
  thread_ = std::thread([this] { Run(); });
}

void CallLoop::Join() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
    // A call that gRPC has given up must still be finished, and the queue takes nothing once it is
    // shut down.
    const auto finished = [this]()
                              ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return transports_ == 0; };
    clock_.Await(mutex_, absl::Condition(&finished), absl::InfiniteDuration());
  }
  for (Lane& lane : lanes_) lane.queue->Shutdown();
  if (thread_.joinable()) thread_.join();
  // gRPC wants each to have said that it is over.
  for (Lane& lane : lanes_) {
    void* tag = nullptr;
    bool ok = false;
    while (lane.queue->Next(&tag, &ok)) {
    }
  }
}

void CallLoop::Post(Posted& posted) {
  absl::MutexLock lock(&mutex_);
  posted_.push_back(&posted);
  if (!waiting_ || woken_ || stopping_) return;
  woken_ = true;
  alarm_.Set(lanes_.front().queue.get(), gpr_time_0(GPR_CLOCK_REALTIME), this);
}

void CallLoop::Withdraw(Posted& posted) {
  std::replace(running_.begin(), running_.end(), &posted, static_cast<Posted*>(nullptr));
  absl::MutexLock lock(&mutex_);
  posted_.erase(std::remove(posted_.begin(), posted_.end(), &posted), posted_.end());
}

void CallLoop::Run() {
  for (;;) {
    // Nothing tells of an event in any of several queues: they are looked at after each rest.
    const bool spread = IsSpread();
    if (!spread && AwaitEvent() == Round::kOver) return;
    const absl::Duration begin = clock_.Monotonic();
    rest_allowed_ = spread;
    if (Drain() == Round::kOver) return;
    RunPosted();
    if (rest_allowed_) Rest(begin);
  }
}

CallLoop::Round CallLoop::AwaitEvent() {
  {
    absl::MutexLock lock(&mutex_);
    if (!posted_.empty()) return Round::kMore;
    waiting_ = true;
  }
  void* tag = nullptr;
  bool ok = false;
  const bool open = lanes_.front().queue->Next(&tag, &ok);
  {
    absl::MutexLock lock(&mutex_);
    waiting_ = false;
  }
  if (!open) return Round::kOver;
  Dispatch(tag, ok);
  return Round::kMore;
}

CallLoop::Round CallLoop::Drain() {
  size_t events = 0;
  const size_t quiet_looks = IsSpread() ? kQuietLooksSpread : kQuietLooks;
  for (size_t quiet = 0; quiet < quiet_looks;) {
    const size_t before = events;
    for (Lane& lane : lanes_) {
      if (lane.calls == 0 && &lane != &lanes_.front()) continue;
      if (Visit(lane, events) == Round::kOver) return Round::kOver;
      ++quiet;
    }
    if (events >= kRoundEvents) {
      rest_allowed_ = false;
      break;
    }
    if (events > before) quiet = 0;
  }
  return Round::kMore;
}

CallLoop::Round CallLoop::Visit(Lane& lane, size_t& events) {
  const gpr_timespec now = gpr_time_0(GPR_CLOCK_REALTIME);  // Long past: not to wait.
  for (size_t i = 0; i < kVisitEvents; ++i) {
    void* tag = nullptr;
    bool ok = false;
    switch (lane.queue->AsyncNext(&tag, &ok, now)) {
      case grpc::CompletionQueue::SHUTDOWN:
        return Round::kOver;
      case grpc::CompletionQueue::TIMEOUT:
        return Round::kMore;
      case grpc::CompletionQueue::GOT_EVENT:
        ++events;
        Dispatch(tag, ok);
        break;
    }
  }
  return Round::kMore;
}

void CallLoop::RunPosted() {
  {
    absl::MutexLock lock(&mutex_);
    running_.swap(posted_);
  }
  for (size_t i = 0; i < running_.size(); ++i) {
    if (running_[i] != nullptr) running_[i]->RunOnLoop();
  }
  running_.clear();
}

void CallLoop::Rest(absl::Duration begin) {
  const absl::Duration now = clock_.Monotonic();
  const absl::Duration left = begin + (now < prompt_until_ ? pauses_.prompt : pauses_.quiet) - now;
  if (left <= absl::ZeroDuration()) return;
  absl::MutexLock lock(&mutex_);
  const auto news = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !posted_.empty();
  };
  clock_.Await(mutex_, absl::Condition(&news), left);
}

void CallLoop::Dispatch(void* tag, bool ok) {
  if (tag == this) {
    absl::MutexLock lock(&mutex_);
    woken_ = false;
    return;
  }
  const auto [transport, step] = *static_cast<CallTransport::Tag*>(tag);
  if (step == CallTransport::Step::kBegun) {
    if (!ok) {  // The server stops.
      Delete(transport);
      return;
    }
    AwaitCall();
    Begin(*transport);
  } else if (transport->Advance(step, ok) == CallTransport::State::kOver) {
    Delete(transport);
  }
}

size_t CallLoop::LaneForNext() const {
  if (lanes_.front().calls < kFirstLaneCalls) return 0;
  const auto fewest = std::min_element(
      lanes_.begin(), lanes_.end(), [](const Lane& a, const Lane& b) { return a.calls < b.calls; });
  return static_cast<size_t>(fewest - lanes_.begin());
}

void CallLoop::AwaitCall() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    ++transports_;
  }
  const size_t lane = LaneForNext();
  ++lanes_[lane].calls;
  ++calls_;
  (new CallTransport(lane))->Await(*service_, *lanes_[lane].queue, *lanes_.front().queue);
}

void CallLoop::Delete(CallTransport* transport) {
  --lanes_[transport->lane()].calls;
  --calls_;
  delete transport;
  absl::MutexLock lock(&mutex_);
  --transports_;
}

void CallLoop::Begin(CallTransport& transport) {
  prompt_until_ = clock_.Monotonic() + kPromptFor;
  const MethodTable::MakeCall* make = methods_->Find(transport.method());
  if (make == nullptr) {
    transport.Finish(absl::UnimplementedError(
        absl::StrCat("method ", transport.method(), " is not one of this server")));
    return;
  }
  transport.SetCall((*make)(transport));
}

}  // namespace ora::aggregator
