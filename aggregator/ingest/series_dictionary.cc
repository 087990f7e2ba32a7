#include "aggregator/ingest/series_dictionary.h"

#include <algorithm>

namespace ora::aggregator {

SeriesDictionary::Slot& SeriesDictionary::Define(uint32_t id) {
  if (id > dense_max_) return sparse_[id];
  if (id >= dense_.size()) dense_.resize(size_t{id} + 1);
  return dense_[id];
}

SeriesDictionary::Slot* SeriesDictionary::FindSparse(uint32_t id) {
  const auto found = sparse_.find(id);
  return found == sparse_.end() || !IsDefined(found->second) ? nullptr : &found->second;
}

void SeriesDictionary::Clear() {
  dense_.clear();
  sparse_.clear();
  size_ = 0;
}

void SeriesDictionary::Assign(Slot& slot, storage::SeriesRef ref) {
  if (slot.ref == 0) ++size_;
  slot.ref = ref;
  slot.over_limit = false;
}

void SeriesDictionary::AssignOverLimit(Slot& slot) {
  if (slot.ref != 0) --size_;
  slot.ref = 0;
  slot.over_limit = true;
}

}  // namespace ora::aggregator
