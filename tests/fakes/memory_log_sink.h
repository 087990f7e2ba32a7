// A log that a test can read.
#pragma once

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "storage/env/log_sink.h"

namespace ora::fakes {

// Thread-safe.
class MemoryLogSink final : public storage::LogSink {
 public:
  void Log(storage::LogSeverity severity, absl::string_view message) override {
    absl::MutexLock lock(&mutex_);
    lines_.emplace_back(message);
    (void)severity;
  }

  std::vector<std::string> Lines() const {
    absl::MutexLock lock(&mutex_);
    return lines_;
  }

  bool Contains(absl::string_view text) const {
    absl::MutexLock lock(&mutex_);
    for (const std::string& line : lines_) {
      if (absl::StrContains(line, text)) return true;
    }
    return false;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::fakes
