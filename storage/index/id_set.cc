#include "storage/index/id_set.h"

#include <algorithm>
#include <memory>

namespace ora::storage {
namespace {

// Below this a bitmap's own 200 bytes outweigh what it saves.
constexpr size_t kFewMax = 32;
constexpr int kIdShift = 32;
constexpr uint64_t kFormBits = 3;
// A bitmap is packed anew when it has grown by half, and not for a handful of ids.
constexpr uint64_t kPackAfterMin = 64;

}  // namespace

struct IdSet::Few {
  uint32_t count = 0;
  uint32_t capacity = 0;
  uint32_t ids[];  // NOLINT: as many as `capacity`.

  static Few* Make(uint32_t capacity) {
    void* memory = ::operator new(sizeof(Few) + capacity * sizeof(uint32_t));
    Few* few = new (memory) Few;
    few->capacity = capacity;
    return few;
  }
  static void Free(Few* few) { ::operator delete(few); }
};

struct IdSet::Many {
  Roaring bits;
  uint64_t added = 0;  // Since it was packed.
  uint64_t pack_after = kPackAfterMin;

  void Pack() {
    bits.runOptimize();
    bits.shrinkToFit();
    added = 0;
    pack_after = std::max(kPackAfterMin, bits.cardinality() / 2);
  }
};

IdSet::Few* IdSet::few() const {
  return reinterpret_cast<Few*>(static_cast<uintptr_t>(word_ & ~kFormBits));
}

IdSet::Many* IdSet::many() const {
  return reinterpret_cast<Many*>(static_cast<uintptr_t>(word_ & ~kFormBits));
}

void IdSet::Clear() {
  if (word_ == 0) return;
  if (form() == Form::kFew) Few::Free(few());
  if (form() == Form::kMany) delete many();
  word_ = 0;
}

void IdSet::Add(uint32_t id) {
  if (word_ == 0) {
    word_ = uint64_t{id} << kIdShift | static_cast<uint64_t>(Form::kOne);
    return;
  }
  if (form() != Form::kMany) {
    AddToFew(id);
    return;
  }
  Many& bitmap = *many();
  bitmap.bits.add(id);
  if (++bitmap.added >= bitmap.pack_after) bitmap.Pack();
}

void IdSet::AddToFew(uint32_t id) {
  std::vector<uint32_t> ids;
  ids.reserve(kFewMax + 1);
  AppendTo(ids);
  const auto at = std::lower_bound(ids.begin(), ids.end(), id);
  if (at != ids.end() && *at == id) return;
  ids.insert(at, id);
  if (ids.size() > kFewMax) {
    auto bitmap = std::make_unique<Many>();
    bitmap->bits.addMany(ids.size(), ids.data());
    bitmap->Pack();
    Clear();
    word_ = reinterpret_cast<uintptr_t>(bitmap.release());
    return;
  }
  if (form() != Form::kFew || few()->capacity < ids.size()) {
    Clear();
    const auto capacity = static_cast<uint32_t>(ids.size() + ids.size() / 2);
    word_ = reinterpret_cast<uintptr_t>(Few::Make(capacity)) | static_cast<uint64_t>(Form::kFew);
  }
  few()->count = static_cast<uint32_t>(ids.size());
  std::copy(ids.begin(), ids.end(), few()->ids);
}

void IdSet::Remove(uint32_t id) {
  if (word_ == 0) return;
  switch (form()) {
    case Form::kOne:
      if (word_ >> kIdShift == id) word_ = 0;
      return;
    case Form::kFew: {
      uint32_t* end = few()->ids + few()->count;
      few()->count = static_cast<uint32_t>(std::remove(few()->ids, end, id) - few()->ids);
      if (few()->count == 0) Clear();
      return;
    }
    case Form::kMany:
      many()->bits.remove(id);
      if (many()->bits.isEmpty()) Clear();
      return;
  }
}

uint64_t IdSet::size() const {
  if (word_ == 0) return 0;
  if (form() == Form::kOne) return 1;
  return form() == Form::kFew ? few()->count : many()->bits.cardinality();
}

bool IdSet::Intersects(const Roaring& ids) const {
  if (const Roaring* own = bits()) return own->intersect(ids);
  std::vector<uint32_t> own;
  AppendTo(own);
  return std::any_of(own.begin(), own.end(), [&](uint32_t id) { return ids.contains(id); });
}

const Roaring* IdSet::bits() const {
  return word_ != 0 && form() == Form::kMany ? &many()->bits : nullptr;
}

void IdSet::AppendTo(std::vector<uint32_t>& ids) const {
  if (word_ == 0) return;
  if (form() == Form::kOne) ids.push_back(static_cast<uint32_t>(word_ >> kIdShift));
  if (form() == Form::kFew) ids.insert(ids.end(), few()->ids, few()->ids + few()->count);
}

void IdUnion::Add(const IdSet& set) {
  if (const Roaring* bits = set.bits()) {
    many_.push_back(bits);
  } else {
    set.AppendTo(few_);
  }
}

void IdUnion::Flush() {
  if (many_.empty()) return;
  many_.push_back(&sum_);
  sum_ = Roaring::fastunion(many_.size(), many_.data());
  many_.clear();
}

Roaring IdUnion::Take() {
  Flush();
  if (!few_.empty()) {
    std::sort(few_.begin(), few_.end());
    sum_ |= Roaring(few_.size(), few_.data());
    few_.clear();
  }
  return std::exchange(sum_, Roaring());
}

}  // namespace ora::storage
