// The newest durable sequence of each sender.
#pragma once

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "storage/rocks/database.h"
#include "storage/rocks/keys.h"
#include "storage/tsdb/damage_log.h"

namespace ora::storage {

// Thread-safe.
class SenderMarks {
 public:
  // Reads those of the database. A damaged one is reported and forgotten: its sender's repeats of
  // batches that are durable would be stored again, at the same times and so only once.
  absl::Status Load(const Database& database, DamageLog& damage) ABSL_LOCKS_EXCLUDED(mutex_);

  // 0 if there is none. `key` is an encoded MarkKey.
  uint64_t Get(const std::string& key) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Marks that are durable now.
  void Set(const absl::flat_hash_map<std::string, uint64_t>& marks) ABSL_LOCKS_EXCLUDED(mutex_);

  // A batch of the sender was refused for want of room or disk. Later ones must not overtake it:
  // their mark would make its repetition pass for a repeat, and it would be lost.
  void Refuse(const std::string& key, uint64_t sequence) ABSL_LOCKS_EXCLUDED(mutex_);

  // UNAVAILABLE: an earlier batch was refused and has not come again.
  absl::Status CheckOrder(const std::string& key, uint64_t sequence) ABSL_LOCKS_EXCLUDED(mutex_);

  // As Get, for a sender that begins anew: it may leave out what was refused.
  uint64_t BeginAnew(const std::string& key) ABSL_LOCKS_EXCLUDED(mutex_);

  static void Put(DatabaseChanges& changes, const std::string& key, uint64_t sequence);

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, uint64_t> marks_ ABSL_GUARDED_BY(mutex_);
  // The lowest sequence that was refused, of senders that must send it again first.
  absl::flat_hash_map<std::string, uint64_t> refused_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
