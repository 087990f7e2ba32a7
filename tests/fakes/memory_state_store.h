// A StateStore in memory that a test can make refuse.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "storage/state_store.h"

namespace ora::fakes {

// Thread-safe. It outlives the part under test, so a restart of that part is a second Open on it.
class MemoryStateStore final : public storage::StateStore {
 public:
  absl::Status Apply(const storage::StateChanges& changes) override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (!refusal_.ok()) return refusal_;
    for (const storage::StateChanges::Change& change : changes.changes) {
      auto& records = kinds_[change.kind];
      if (change.value.has_value()) {
        records[change.key] = *change.value;
      } else {
        records.erase(change.key);
      }
    }
    ++applied_;
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Get(absl::string_view kind, absl::string_view key) override
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    const auto records = kinds_.find(kind);
    if (records != kinds_.end()) {
      const auto record = records->second.find(key);
      if (record != records->second.end()) return record->second;
    }
    return absl::NotFoundError(absl::StrCat("state ", kind, "/", key, " is not stored"));
  }

  absl::StatusOr<std::vector<storage::StateRecord>> Scan(absl::string_view kind,
                                                         absl::string_view after,
                                                         size_t records_max) override
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    std::vector<storage::StateRecord> found;
    const auto records = kinds_.find(kind);
    if (records == kinds_.end()) return found;
    auto record =
        after.empty() ? records->second.begin() : records->second.upper_bound(std::string(after));
    for (; record != records->second.end() && found.size() < records_max; ++record) {
      found.push_back({record->first, record->second});
    }
    return found;
  }

  // Every Apply returns `refusal` from now on, and changes nothing; OK takes it back.
  void RefuseWith(absl::Status refusal) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    refusal_ = std::move(refusal);
  }

  // How many Apply calls succeeded.
  int applied() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return applied_;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::btree_map<std::string, absl::btree_map<std::string, std::string>> kinds_
      ABSL_GUARDED_BY(mutex_);
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
  int applied_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ora::fakes
