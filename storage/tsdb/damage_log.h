// What was found damaged and skipped.
#pragma once

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "storage/env/counters.h"
#include "storage/env/log_sink.h"

namespace ora::storage {

// Logs and counts each damaged record once, however often it is met. Thread-safe.
class DamageLog {
 public:
  DamageLog(LogSink& log, Counters& counters);

  // `object` names the record, such as `chunk of up{instance="a"}, day 20000`.
  void Report(absl::string_view object, absl::string_view reason) ABSL_LOCKS_EXCLUDED(mutex_);

  // `records` that are not there at all.
  void ReportMissing(absl::string_view object, uint64_t records);

  uint64_t records() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  LogSink& log_;
  Counter& counter_;
  mutable absl::Mutex mutex_;
  uint64_t records_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_set<std::string> reported_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
