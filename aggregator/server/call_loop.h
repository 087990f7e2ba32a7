// The one thread that carries every call's messages between gRPC and what is done with them.
//
// Waking up is what a message of a quiet stream costs most. So the loop takes everything that has
// come, hands it on, sends what is ready to be sent, and then rests for a moment while more
// gathers, if what came can wait. A thousand collectors that send a batch a second are then some
// hundred wake-ups a second, not some thousands.
//
// gRPC as Debian builds it looks for each event in a list of all that its queue awaits. So beyond
// some thousand calls the loop has several queues, and looks at them in turn.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "aggregator/server/call_transport.h"
#include "aggregator/server/method_table.h"
#include "storage/env/real_clock.h"

namespace ora::aggregator {

// How long after the begin of a round that allowed a rest the next one begins, and so how much
// later than at once a call may be seen.
struct LoopPauses {
  absl::Duration quiet;   // When no call has begun for a second.
  absl::Duration prompt;  // Otherwise: somebody may be asking one thing after the other.
};

// Thread-safe, but for what says otherwise.
class CallLoop {
 public:
  // What wants to run on the loop's thread.
  class Posted {
   public:
    virtual ~Posted() = default;
    // Once for each Post; must not block.
    virtual void RunOnLoop() = 0;
  };

  // Queues, and how many calls are in the first before the others are used.
  static constexpr size_t kLanes = 64;
  static constexpr size_t kFirstLaneCalls = 1'024;

  using Queues = std::vector<std::unique_ptr<grpc::ServerCompletionQueue>>;

  // Before the server is built: the queues that Start wants.
  static Queues AddQueues(grpc::ServerBuilder& builder);

  explicit CallLoop(const LoopPauses& pauses) : pauses_(pauses) {}
  ~CallLoop() { Join(); }

  // Serves `methods`, which like `service` must outlive the loop, on a thread of its own.
  void Start(const MethodTable& methods, grpc::AsyncGenericService& service, Queues queues);

  // After the server's shutdown: returns when the last call was finished and the thread has ended.
  void Join() ABSL_LOCKS_EXCLUDED(mutex_);

  // Runs `posted` soon. What is posted does not post itself again before it has run.
  void Post(Posted& posted) ABSL_LOCKS_EXCLUDED(mutex_);

  // `posted` will not run after this returns. On the loop's thread; nobody posts it any more.
  void Withdraw(Posted& posted) ABSL_LOCKS_EXCLUDED(mutex_);

  // What came in this round can wait: the loop may rest after it. On the loop's thread.
  void AllowRest() { rest_allowed_ = true; }

 private:
  enum class Round { kMore, kOver };
  struct Lane {
    std::unique_ptr<grpc::ServerCompletionQueue> queue;
    size_t calls = 0;  // And the one that is awaited. Of the loop's thread.
  };

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for an event of the first lane, unless something was posted.
  Round AwaitEvent() ABSL_LOCKS_EXCLUDED(mutex_);
  // Takes every event that is there, or so many that what was posted should have its turn.
  Round Drain();
  // Takes a lane's events, at most a visit's. kOver: the lane is shut down.
  Round Visit(Lane& lane, size_t& events);
  void RunPosted() ABSL_LOCKS_EXCLUDED(mutex_);
  // A lane other than the first has calls.
  bool IsSpread() const { return lanes_.front().calls < calls_; }
  size_t LaneForNext() const;
  void Rest(absl::Duration begin) ABSL_LOCKS_EXCLUDED(mutex_);
  void Dispatch(void* tag, bool ok) ABSL_LOCKS_EXCLUDED(mutex_);
  // Asks gRPC for the next call, unless the loop is ending.
  void AwaitCall() ABSL_LOCKS_EXCLUDED(mutex_);
  void Begin(CallTransport& transport);
  void Delete(CallTransport* transport) ABSL_LOCKS_EXCLUDED(mutex_);

  const LoopPauses pauses_;
  // The transport's time is the kernel's, as gRPC's own timers are.
  storage::RealClock clock_;
  const MethodTable* methods_ = nullptr;
  grpc::AsyncGenericService* service_ = nullptr;
  std::thread thread_;

  // Of the loop's thread.
  std::vector<Lane> lanes_;
  size_t calls_ = 0;  // Of all lanes.
  bool rest_allowed_ = false;
  absl::Duration prompt_until_;  // Monotonic.
  std::vector<Posted*> running_;

  absl::Mutex mutex_;  // Last of all locks.
  std::vector<Posted*> posted_ ABSL_GUARDED_BY(mutex_);
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;   // The thread is in the queue and must be woken.
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;     // The alarm's event has not come yet.
  size_t transports_ ABSL_GUARDED_BY(mutex_) = 0;  // Calls, and the one that is awaited.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Alarm alarm_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::aggregator
