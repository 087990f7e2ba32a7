// The series of a store by id and by labels, packed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "storage/index/label_pairs.h"

namespace ora::storage {

// One series, followed in memory by its pairs, in the order of Labels. All but `touched_minute`
// never changes, and the record stays while a reader's pin holds it.
struct SeriesEntry {
  uint32_t id = 0;
  uint32_t touched_minute = 0;  // When it was last interned; read and written atomically.
  uint16_t slot = 0;            // Of the instance that named it first.
  uint16_t label_count = 0;

  absl::Span<const PairId> labels() const {
    return {reinterpret_cast<const PairId*>(this + 1), label_count};
  }
};

// Not thread-safe; const calls may run side by side. Takes some 30 bytes a series beside 4 for each
// label; what is freed is used again, and a slab or block without a series is given back.
class SeriesTable {
 public:
  SeriesTable();
  ~SeriesTable();
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;

  // Null: no series has this id, or these labels.
  SeriesEntry* Find(uint32_t id) const;
  SeriesEntry* FindByLabels(absl::Span<const PairId> labels) const;

  // There must be none of this id or of these labels. At most kLabelsMax of them.
  SeriesEntry& Add(const SeriesEntry& entry, absl::Span<const PairId> labels);

  // The series is found no more; its record goes with `epoch`. There must be one.
  void Remove(uint32_t id, uint64_t epoch);

  // Frees what was removed with an epoch below `epoch_end`; at most `records_max` records.
  void Reclaim(uint64_t epoch_end, size_t records_max);

  size_t size() const { return size_; }

  // Stretches of memory, of 64 KiB each at most.
  size_t slabs() const { return slabs_.size() - slabs_free_.size(); }

  static constexpr size_t kLabelsMax = 4000;

 private:
  // A record's place: the number of its slab, and which of the slab's records it is.
  using Place = uint32_t;
  // Records of one number of labels.
  struct Slab {
    std::unique_ptr<char[]> memory;
    uint32_t record_bytes = 0;
    uint16_t label_count = 0;
    uint16_t capacity = 0;
    uint16_t made = 0;  // Records that were ever used: those above are untouched memory.
    std::vector<uint16_t> free;
    size_t used() const { return made - free.size(); }
  };
  struct IdBlock;
  struct Hash {
    using is_transparent = void;
    const SeriesTable* table;
    size_t operator()(absl::Span<const PairId> labels) const;
    size_t operator()(Place place) const { return (*this)(table->At(place).labels()); }
  };
  struct Same {
    using is_transparent = void;
    const SeriesTable* table;
    bool operator()(Place a, Place b) const { return a == b; }
    bool operator()(absl::Span<const PairId> a, Place b) const {
      return a == table->At(b).labels();
    }
    bool operator()(Place a, absl::Span<const PairId> b) const { return (*this)(b, a); }
  };
  using Lookup = absl::flat_hash_set<Place, Hash, Same>;
  struct Removed {
    uint64_t epoch;
    Place place;
  };

  SeriesEntry& At(Place place) const;
  Place Allocate(uint16_t label_count);
  void Free(Place place);
  uint32_t MakeSlab(uint16_t label_count);
  Lookup& LookupOf(absl::Span<const PairId> labels);

  std::vector<Slab> slabs_;           // By number; one without memory may be made anew.
  std::vector<uint32_t> slabs_free_;  // Numbers of those.
  // By number of labels, the slabs that have room.
  absl::flat_hash_map<uint16_t, std::vector<uint32_t>> with_room_;
  absl::flat_hash_map<uint32_t, std::unique_ptr<IdBlock>> by_id_;  // By id / kBlockIds.
  std::vector<Lookup> by_labels_;  // Many small ones, since each stops everything when it grows.
  std::deque<Removed> removed_;    // By epoch.
  size_t size_ = 0;
};

}  // namespace ora::storage
