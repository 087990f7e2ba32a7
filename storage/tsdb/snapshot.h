// Copies of a store as of one moment, in a folder beside its shards.
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/rocks/database.h"
#include "storage/time_series_store.h"

namespace ora::storage {

// Thread-safe.
class Snapshots {
 public:
  // Of the shard whose database lies in `shard_directory`, beside which the copies go. `database`
  // must outlive this.
  Snapshots(Database& database, const std::string& shard_directory);

  // Removes what a crash left half made. Before the first Make.
  absl::Status RemoveHalfMade() ABSL_LOCKS_EXCLUDED(mutex_);

  // As TimeSeriesStore::Snapshot. One at a time; others wait.
  absl::StatusOr<StoreSnapshot> Make(const std::string& name) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Status Copy(const std::string& making, const std::string& made)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Database& database_;
  const std::string directory_;  // Of all snapshots.
  const std::string shard_;      // The name of the shard's folder.
  absl::Mutex mutex_;            // Held while a snapshot is made: two of one name must not meet.
};

}  // namespace ora::storage
