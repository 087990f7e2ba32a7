#include "aggregator/server/call_loop.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ora::aggregator {
namespace {

// gRPC may say "nothing is there" when it was kicked, or after an event that concerns no call.
constexpr int kQuietLooks = 3;
// How long after a call has begun the next one is looked for more often.
constexpr absl::Duration kPromptFor = absl::Seconds(1);

}  // namespace

void CallLoop::Start(const MethodTable& methods, grpc::AsyncGenericService& service,
                     std::unique_ptr<grpc::ServerCompletionQueue> queue) {
  methods_ = &methods;
  service_ = &service;
  queue_ = std::move(queue);
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
  if (queue_ != nullptr) queue_->Shutdown();
  if (thread_.joinable()) thread_.join();
}

void CallLoop::Post(Posted& posted) {
  absl::MutexLock lock(&mutex_);
  posted_.push_back(&posted);
  if (!waiting_ || woken_ || stopping_) return;
  woken_ = true;
  alarm_.Set(queue_.get(), gpr_time_0(GPR_CLOCK_REALTIME), this);
}

void CallLoop::Withdraw(Posted& posted) {
  std::replace(running_.begin(), running_.end(), &posted, static_cast<Posted*>(nullptr));
  absl::MutexLock lock(&mutex_);
  posted_.erase(std::remove(posted_.begin(), posted_.end(), &posted), posted_.end());
}

void CallLoop::Run() {
  for (;;) {
    if (AwaitEvent() == Round::kOver) return;
    const absl::Duration begin = clock_.Monotonic();
    rest_allowed_ = false;
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
  const bool open = queue_->Next(&tag, &ok);
  {
    absl::MutexLock lock(&mutex_);
    waiting_ = false;
  }
  if (!open) return Round::kOver;
  Dispatch(tag, ok);
  return Round::kMore;
}

CallLoop::Round CallLoop::Drain() {
  const gpr_timespec now = gpr_time_0(GPR_CLOCK_REALTIME);  // Long past: not to wait.
  for (int quiet = 0; quiet < kQuietLooks;) {
    void* tag = nullptr;
    bool ok = false;
    switch (queue_->AsyncNext(&tag, &ok, now)) {
      case grpc::CompletionQueue::SHUTDOWN:
        return Round::kOver;
      case grpc::CompletionQueue::TIMEOUT:
        ++quiet;
        break;
      case grpc::CompletionQueue::GOT_EVENT:
        quiet = 0;
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

void CallLoop::AwaitCall() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    ++transports_;
  }
  (new CallTransport)->Await(*service_, *queue_);
}

void CallLoop::Delete(CallTransport* transport) {
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
