#include "storage/index/series_table.h"

#include <algorithm>
#include <new>
#include <utility>

#include "absl/hash/hash.h"

namespace ora::storage {
namespace {

constexpr uint32_t kBlockIds = 64;
constexpr int kRecordBits = 12;
constexpr uint32_t kRecordMask = (1 << kRecordBits) - 1;
constexpr size_t kSlabBytes = 64 << 10;
constexpr size_t kLookups = 64;
constexpr int kLookupShift = 64 - 6;

}  // namespace

struct SeriesTable::IdBlock {
  static constexpr Place kNone = UINT32_MAX;
  IdBlock() { std::fill(std::begin(places), std::end(places), kNone); }

  Place places[kBlockIds];
  uint32_t used = 0;
};

size_t SeriesTable::Hash::operator()(absl::Span<const PairId> labels) const {
  return absl::HashOf(labels);
}

SeriesTable::SeriesTable() : by_labels_(kLookups, Lookup(0, Hash{this}, Same{this})) {}

SeriesTable::~SeriesTable() = default;

SeriesEntry& SeriesTable::At(Place place) const {
  const Slab& slab = slabs_[place >> kRecordBits];
  char* record = slab.memory.get() + size_t{place & kRecordMask} * slab.record_bytes;
  return *std::launder(reinterpret_cast<SeriesEntry*>(record));
}

SeriesTable::Lookup& SeriesTable::LookupOf(absl::Span<const PairId> labels) {
  return by_labels_[Hash{this}(labels) >> kLookupShift];
}

SeriesEntry* SeriesTable::Find(uint32_t id) const {
  const auto block = by_id_.find(id / kBlockIds);
  if (block == by_id_.end()) return nullptr;
  const Place place = block->second->places[id % kBlockIds];
  return place == IdBlock::kNone ? nullptr : &At(place);
}

SeriesEntry* SeriesTable::FindByLabels(absl::Span<const PairId> labels) const {
  const Lookup& lookup = by_labels_[Hash{this}(labels) >> kLookupShift];
  const auto at = lookup.find(labels);
  return at == lookup.end() ? nullptr : &At(*at);
}

uint32_t SeriesTable::MakeSlab(uint16_t label_count) {
  if (slabs_free_.empty()) {
    slabs_free_.push_back(static_cast<uint32_t>(slabs_.size()));
    slabs_.emplace_back();
  }
  const uint32_t number = slabs_free_.back();
  slabs_free_.pop_back();
  Slab& slab = slabs_[number];
  slab.label_count = label_count;
  slab.record_bytes = static_cast<uint32_t>(sizeof(SeriesEntry) + label_count * sizeof(PairId));
  slab.capacity = static_cast<uint16_t>(
      std::min<size_t>(kSlabBytes / slab.record_bytes, size_t{kRecordMask} + 1));
  // Not cleared: what is not used yet takes no memory.
  slab.memory.reset(new char[slab.capacity * slab.record_bytes]);
  return number;
}

SeriesTable::Place SeriesTable::Allocate(uint16_t label_count) {
  std::vector<uint32_t>& with_room = with_room_[label_count];
  if (with_room.empty()) with_room.push_back(MakeSlab(label_count));
  const uint32_t number = with_room.back();
  Slab& slab = slabs_[number];
  uint16_t record = slab.made;
  if (slab.free.empty()) {
    ++slab.made;
  } else {
    record = slab.free.back();
    slab.free.pop_back();
  }
  if (slab.used() == slab.capacity) with_room.pop_back();
  return number << kRecordBits | record;
}

void SeriesTable::Free(Place place) {
  const uint32_t number = place >> kRecordBits;
  Slab& slab = slabs_[number];
  std::vector<uint32_t>& with_room = with_room_[slab.label_count];
  if (slab.used() == slab.capacity) with_room.push_back(number);
  slab.free.push_back(static_cast<uint16_t>(place & kRecordMask));
  if (slab.used() > 0) return;
  with_room.erase(std::find(with_room.begin(), with_room.end(), number));
  if (with_room.empty()) with_room_.erase(slab.label_count);
  slab = Slab();
  slabs_free_.push_back(number);
}

SeriesEntry& SeriesTable::Add(const SeriesEntry& entry, absl::Span<const PairId> labels) {
  const Place place = Allocate(static_cast<uint16_t>(labels.size()));
  const Slab& slab = slabs_[place >> kRecordBits];
  char* memory = slab.memory.get() + size_t{place & kRecordMask} * slab.record_bytes;
  auto* record = new (memory) SeriesEntry(entry);
  record->label_count = static_cast<uint16_t>(labels.size());
  std::copy(labels.begin(), labels.end(), reinterpret_cast<PairId*>(record + 1));
  std::unique_ptr<IdBlock>& block = by_id_[entry.id / kBlockIds];
  if (block == nullptr) block = std::make_unique<IdBlock>();
  block->places[entry.id % kBlockIds] = place;
  ++block->used;
  LookupOf(labels).insert(place);
  ++size_;
  return *record;
}

void SeriesTable::Remove(uint32_t id, uint64_t epoch) {
  const auto at = by_id_.find(id / kBlockIds);
  IdBlock& block = *at->second;
  const Place place = std::exchange(block.places[id % kBlockIds], IdBlock::kNone);
  if (--block.used == 0) by_id_.erase(at);
  LookupOf(At(place).labels()).erase(place);
  removed_.push_back({epoch, place});
  --size_;
}

void SeriesTable::Reclaim(uint64_t epoch_end, size_t records_max) {
  for (size_t i = 0; i < records_max && !removed_.empty(); ++i) {
    if (removed_.front().epoch >= epoch_end) return;
    Free(removed_.front().place);
    removed_.pop_front();
  }
}

}  // namespace ora::storage
