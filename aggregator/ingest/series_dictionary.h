// The ids of one stream and the series that they stand for: an index and a comparison a sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "storage/series_writer.h"

namespace ora::aggregator {

// Not thread-safe. Ids up to `dense_max` lie in an array; later ones, which no collector of ours
// makes, in a table, so that one id cannot cost megabytes.
class SeriesDictionary {
 public:
  struct Slot {
    storage::SeriesRef ref = 0;
    uint64_t last_block = 0;  // The block that used it last; tells an id that comes twice.
    bool over_limit = false;  // Defined, but the host or the store has too many series.
  };

  explicit SeriesDictionary(size_t dense_max) : dense_max_(dense_max) {}

  // The slot of an id, made if absent. Valid until the next call of Define.
  Slot& Define(uint32_t id);

  // Null: the id was never defined.
  Slot* Find(uint32_t id) {
    if (id < dense_.size()) return IsDefined(dense_[id]) ? &dense_[id] : nullptr;
    return FindSparse(id);
  }

  void Clear();

  // Ids that stand for a series.
  size_t size() const { return size_; }

  // `slot` stands for `ref` from now on.
  void Assign(Slot& slot, storage::SeriesRef ref);
  // `slot` stands for a series that is not stored.
  void AssignOverLimit(Slot& slot);

 private:
  static bool IsDefined(const Slot& slot) { return slot.ref != 0 || slot.over_limit; }
  Slot* FindSparse(uint32_t id);

  size_t dense_max_;
  size_t size_ = 0;
  std::vector<Slot> dense_;
  absl::flat_hash_map<uint32_t, Slot> sparse_;
};

}  // namespace ora::aggregator
