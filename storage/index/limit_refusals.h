// What a series is told that is one too many.
#pragma once

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/env/clock.h"
#include "storage/index/index_tables.h"
#include "storage/labels.h"

namespace ora::storage {

// Names the limit, what is refused, and what makes the many series. To find that goes through all
// series of a host or of a metric, so it is done at most every kFindEvery for a host, and what was
// found is told until then. Thread-safe.
class LimitRefusals {
 public:
  static constexpr absl::Duration kFindEvery = absl::Seconds(10);
  static constexpr size_t kHostsMax = 64;  // More are told without the finding.

  // Both must outlive it.
  LimitRefusals(const IndexTables& tables, Clock& clock) : tables_(tables), clock_(clock) {}

  // RESOURCE_EXHAUSTED. The store has `series`, or the host whose name `labels` bears.
  absl::Status OfStore(uint64_t series, const Labels& labels) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status OfInstance(uint64_t series, const Labels& labels) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Finding {
    absl::Duration found;  // When.
    std::string text;
  };

  std::string Culprit(absl::string_view instance) ABSL_LOCKS_EXCLUDED(mutex_);

  const IndexTables& tables_;
  Clock& clock_;
  absl::Mutex mutex_;
  // By instance; the store's under the empty name.
  absl::flat_hash_map<std::string, Finding> findings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
