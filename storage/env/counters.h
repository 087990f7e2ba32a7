// The seam to a program's own counters: each loss, each event worth a number.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace ora::storage {

// One number that only grows. Thread-safe, relaxed.
class Counter {
 public:
  void Add(uint64_t amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  void Increment() { Add(1); }
  uint64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// All counters of a process (of one part-tree in tests), by name. Thread-safe. Parts take the
// counters that they need when they are built, so that a hot path touches only the Counter.
class Counters {
 public:
  // The counter of that name (Prometheus's rules, ending in `_total`), made at the first call. It
  // lives as long as this object.
  Counter& Get(absl::string_view name) ABSL_LOCKS_EXCLUDED(mutex_);

  // Names and values, sorted by name.
  std::vector<std::pair<std::string, uint64_t>> Snapshot() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  absl::btree_map<std::string, std::unique_ptr<Counter>> counters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
