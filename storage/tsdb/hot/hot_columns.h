// The samples of sealed rows that were read lately, unpacked: dashboards and rules ask for the same
// series again and again, and most of what a query costs is finding and decoding their chunks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "storage/chunk/packed_column.h"
#include "storage/rocks/keys.h"
#include "storage/sample.h"

namespace ora::storage {

// One row of a raw partition.
struct HotRow {
  TimeRange range;  // Of its samples.
  uint32_t seal_number = 0;
  std::shared_ptr<const PackedColumn> column;  // Null: it was not read. Shared by versions.

  bool Overlaps(const TimeRange& wanted) const {
    return range.start_millis <= wanted.end_millis && wanted.start_millis <= range.end_millis;
  }
};

// All rows that a series has in a raw partition, in the order of their keys, as some number of
// writes to the partition left them. Never changes.
struct HotSeries {
  uint64_t writes = 0;
  std::vector<HotRow> rows;

  // Whether all rows that overlap were read.
  bool Has(const TimeRange& wanted) const;
  // Null: it has no such row, or did not read it.
  std::shared_ptr<const PackedColumn> ColumnOf(const HotRow& row) const;
  size_t bytes() const;  // Of memory, about.
};

// Which series in which partition.
struct HotKey {
  uint32_t partition = 0;  // Partition::number().
  SeriesId id = 0;

  friend bool operator==(const HotKey& a, const HotKey& b) = default;
  template <typename H>
  friend H AbslHashValue(H h, const HotKey& key) {
    return H::combine(std::move(h), key.partition, key.id);
  }
};

// Keeps what was used last, up to so many bytes, and takes note of what readers of much ask for, so
// that these keep only what is asked for again. Thread-safe.
class HotColumns {
 public:
  explicit HotColumns(uint64_t bytes_max);

  // Whether the series was asked for before, lately, and so is worth a Put.
  bool IsAskedAgain(const HotKey& key);

  // Null: it is not there, or was put after another number of writes.
  std::shared_ptr<const HotSeries> Find(const HotKey& key, uint64_t writes);

  // Takes the place of what was there, unless that is of more writes. What takes more than one of
  // kShards parts of the bytes is not kept.
  void Put(const HotKey& key, std::shared_ptr<const HotSeries> series);

  uint64_t bytes_max() const { return bytes_max_; }
  uint64_t bytes() const;  // Kept now.

  static constexpr size_t kShards = 16;
  // Places of what was asked for; two series that share one forget each other.
  static constexpr size_t kAskedPlaces = size_t{1} << 16;

 private:
  struct Kept {
    HotKey key;
    std::shared_ptr<const HotSeries> series;
    size_t bytes = 0;
  };
  struct Shard {
    mutable absl::Mutex mutex;  // Held for memory work alone; no other lock under it.
    std::list<Kept> kept ABSL_GUARDED_BY(mutex);  // Used last comes first.
    absl::flat_hash_map<HotKey, std::list<Kept>::iterator> places ABSL_GUARDED_BY(mutex);
    uint64_t bytes ABSL_GUARDED_BY(mutex) = 0;

    void Drop(std::list<Kept>::iterator place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  };

  Shard& ShardOf(const HotKey& key);

  const uint64_t bytes_max_;
  std::array<Shard, kShards> shards_;
  std::vector<std::atomic<uint32_t>> asked_;  // A part of the key's hash; 0: nothing yet.
};

}  // namespace ora::storage
