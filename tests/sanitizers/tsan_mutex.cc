// Tells ThreadSanitizer what absl::Mutex does.
//
// Debian's Abseil is built without the sanitizer's annotations, so a thread-sanitizer build of ours
// would see no order between two holders of one mutex. The linker's --wrap sends our calls here:
// each does what was asked and says so. Waiting looks at the condition from here, never within
// Abseil, whose evaluations on behalf of other threads the sanitizer could not follow.
#include <sanitizer/tsan_interface.h>

#include <chrono>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace {

constexpr absl::Duration kLook = absl::Microseconds(200);

bool Never(void*) { return false; }

}  // namespace

// The names are Abseil's own, mangled: the linker knows no others.
#define ORA_WRAP(result, name, ...)                                   \
  extern "C" result __real__ZN4absl7debian35Mutex##name(__VA_ARGS__); \
  extern "C" result __wrap__ZN4absl7debian35Mutex##name(__VA_ARGS__)

extern "C" bool __real__ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE(
    absl::Mutex* mutex, const absl::Condition& condition, absl::Duration timeout);

namespace {

// Waits under `mutex` by looking again and again.
bool Await(absl::Mutex* mutex, const absl::Condition& condition, absl::Duration timeout) {
  const auto start = std::chrono::steady_clock::now();
  const absl::Condition never(&Never, static_cast<void*>(nullptr));
  while (!condition.Eval()) {
    if (absl::FromChrono(std::chrono::steady_clock::now() - start) >= timeout) return false;
    __tsan_release(mutex);
    __real__ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE(mutex, never,
                                                                                    kLook);
    __tsan_acquire(mutex);
  }
  return true;
}

}  // namespace

ORA_WRAP(void, 4LockEv, absl::Mutex* mutex) {
  __real__ZN4absl7debian35Mutex4LockEv(mutex);
  __tsan_acquire(mutex);
}

ORA_WRAP(void, 6UnlockEv, absl::Mutex* mutex) {
  __tsan_release(mutex);
  __real__ZN4absl7debian35Mutex6UnlockEv(mutex);
}

ORA_WRAP(bool, 7TryLockEv, absl::Mutex* mutex) {
  if (!__real__ZN4absl7debian35Mutex7TryLockEv(mutex)) return false;
  __tsan_acquire(mutex);
  return true;
}

ORA_WRAP(void, 10ReaderLockEv, absl::Mutex* mutex) {
  __real__ZN4absl7debian35Mutex10ReaderLockEv(mutex);
  __tsan_acquire(mutex);
}

ORA_WRAP(void, 12ReaderUnlockEv, absl::Mutex* mutex) {
  __tsan_release(mutex);
  __real__ZN4absl7debian35Mutex12ReaderUnlockEv(mutex);
}

ORA_WRAP(void, 5AwaitERKNS0_9ConditionE, absl::Mutex* mutex, const absl::Condition& condition) {
  Await(mutex, condition, absl::InfiniteDuration());
}

extern "C" bool __wrap__ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE(
    absl::Mutex* mutex, const absl::Condition& condition, absl::Duration timeout) {
  return Await(mutex, condition, timeout);
}

ORA_WRAP(void, 8LockWhenERKNS0_9ConditionE, absl::Mutex* mutex, const absl::Condition& condition) {
  __real__ZN4absl7debian35Mutex4LockEv(mutex);
  __tsan_acquire(mutex);
  Await(mutex, condition, absl::InfiniteDuration());
}
