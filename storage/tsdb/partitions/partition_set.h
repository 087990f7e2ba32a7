// All partitions of a shard, what is in them, and who reads which.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "storage/rocks/database.h"
#include "storage/rocks/keys.h"
#include "storage/sample.h"
#include "storage/tsdb/partitions/partition_record.h"

namespace ora::storage {

// A partition at one moment. Both are shared, since cursors read on when the partition was changed
// or dropped.
struct PartitionView {
  std::shared_ptr<const Partition> partition;
  std::shared_ptr<const PartitionContents> contents;
  // How many writes had left the rows as a snapshot has them; absent where that is not known.
  absl::optional<uint64_t> writes;

  const PartitionId& id() const { return partition->id(); }
};

// Whether the rows of partitions say what is in them.
enum class PartitionRows : uint8_t { kTrusted, kMayBeOld };

// How far a shard's numbers have come.
struct ShardReach {
  uint32_t sealed_through = 0;  // The newest sealing that is done.
  SeriesId id_next = 1;         // No series has this id or a higher one.
  PartitionRows rows = PartitionRows::kTrusted;
};

// Whether the partition may hold samples of the range.
bool Overlaps(const PartitionId& id, const TimeRange& range);

// What a snapshot that was taken between two listings must be read by: all partitions of either,
// each with the series that either says it holds. Rows that are written are listed after, those
// that are deleted before; which of them there are the snapshot knows. Both are sorted as
// PartitionSet lists them, and so is the answer. Its `writes` are those of partitions whose rows
// nobody changed from the one listing to the other.
std::vector<PartitionView> Joined(std::vector<PartitionView> before,
                                  const std::vector<PartitionView>& after);

// Thread-safe.
class PartitionSet {
 public:
  // Both must outlive the set.
  PartitionSet(Database& database, DamageReport report);

  // Reads the rows of all partitions. One without a row that can be read and trusted is read
  // through. What has a higher
  // seal number than `reach.sealed_through` was left behind by a sealing that did not end, and
  // counts for nothing. Once, before anything else. UNAVAILABLE: the disk refused.
  absl::Status Load(const ShardReach& reach) ABSL_LOCKS_EXCLUDED(writers_, mutex_);

  // Held by whoever changes rows of partitions, for as long as its changes belong together: a
  // sealing, a step of a merge, an expiry, a deletion. Before every other lock of the store.
  absl::Mutex& writers() ABSL_LOCK_RETURNED(writers_) { return writers_; }

  // The newest sealing that is done. Rows with a higher number are of one that runs or will be done
  // over: they are read, and are not to be merged.
  uint32_t sealed_through() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(writers_) {
    return sealed_through_;
  }
  void set_sealed_through(uint32_t seal_number) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writers_) {
    sealed_through_ = seal_number;
  }

  // Sorted by resolution, rule and day.
  std::vector<PartitionView> All() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Those that may hold samples of the range, sorted the same way, each with its `writes` so far. A
  // reader asks before and after it captures the open chunks, and reads by what is Joined.
  std::vector<PartitionView> Overlapping(const TimeRange& range) const ABSL_LOCKS_EXCLUDED(mutex_);

  absl::optional<PartitionView> Find(const PartitionId& id) const ABSL_LOCKS_EXCLUDED(mutex_);

  // The partition of this id, made if there is none. UNAVAILABLE: the disk refused.
  absl::StatusOr<PartitionView> Make(const PartitionId& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writers_)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Puts the row that makes `contents` durable.
  static void Put(DatabaseChanges& changes, const PartitionId& id,
                  const PartitionContents& contents);

  // What readers see from now on. Rows are there before their ids are in `contents`.
  void Set(const PartitionId& id, PartitionContents contents)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writers_) ABSL_LOCKS_EXCLUDED(mutex_);

  // Drops it with its rows; those who read it read on.
  absl::Status Drop(const PartitionId& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writers_)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::StatusOr<PartitionContents> ReadContents(const Partition& partition,
                                                 const ShardReach& reach);
  absl::StatusOr<PartitionContents> Recount(const Partition& partition, const ShardReach& reach);
  absl::Status DropOrphanRows();

  Database& database_;
  const DamageReport report_;
  absl::Mutex writers_ ABSL_ACQUIRED_BEFORE(mutex_);
  uint32_t sealed_through_ ABSL_GUARDED_BY(writers_) = 0;
  mutable absl::Mutex mutex_;
  absl::btree_map<PartitionId, PartitionView> partitions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::storage
