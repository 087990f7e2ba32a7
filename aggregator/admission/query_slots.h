// How many queries run at once: of one client, and in all.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/env/clock.h"

namespace ora::aggregator {

struct QuerySlotLimits {
  size_t client_max = 8;
  size_t all_max = 32;
};

// Thread-safe.
class QuerySlots {
 public:
  // A query's leave to run, from Enter until it goes. Must not outlive the slots.
  class Slot {
   public:
    Slot(Slot&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)), client_(std::move(other.client_)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (slots_ != nullptr) slots_->Leave(client_);
    }

   private:
    friend class QuerySlots;
    Slot(QuerySlots& slots, absl::string_view client) : slots_(&slots), client_(client) {}

    QuerySlots* slots_;
    std::string client_;
  };

  // `clock` must outlive the slots.
  QuerySlots(const QuerySlotLimits& limits, storage::Clock& clock)
      : limits_(limits), clock_(clock) {}

  // `client` is whom the query is counted for, such as an address or a name. Waits at most `wait`
  // for others to end. RESOURCE_EXHAUSTED: as many of the client's queries run still, or of all
  // clients'; come again when one has ended.
  absl::StatusOr<Slot> Enter(absl::string_view client, absl::Duration wait)
      ABSL_LOCKS_EXCLUDED(mutex_);

  size_t running() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Leave(const std::string& client) ABSL_LOCKS_EXCLUDED(mutex_);
  size_t RunningOf(absl::string_view client) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const QuerySlotLimits limits_;
  storage::Clock& clock_;
  mutable absl::Mutex mutex_;
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of clients that have a query running, so of no more than `all_max`.
  absl::flat_hash_map<std::string, size_t> clients_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::aggregator
