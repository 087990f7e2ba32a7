// A set of series ids that is small while it holds few.
#pragma once

#include <cstdint>
#include <roaring/roaring.hh>
#include <utility>
#include <vector>

namespace ora::storage {

// Eight bytes for none or one id, a sorted array for few, a compressed bitmap for many. Not
// thread-safe; const calls may run side by side. Ids come in any order.
class IdSet {
 public:
  IdSet() = default;
  IdSet(IdSet&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  IdSet& operator=(IdSet&& other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~IdSet() { Clear(); }

  void Add(uint32_t id);
  void Remove(uint32_t id);
  void Clear();

  bool empty() const { return word_ == 0; }
  uint64_t size() const;
  bool Intersects(const Roaring& ids) const;

  // Null when there are only few ids; then AppendTo gives them. Valid until the next change.
  const Roaring* bits() const;
  // Of a set without bits(): its ids, ascending, at the end of `ids`.
  void AppendTo(std::vector<uint32_t>& ids) const;

 private:
  struct Few;
  struct Many;
  // What the low two bits of word_ say that it is.
  enum class Form : uint8_t { kMany, kOne, kFew };

  Form form() const { return static_cast<Form>(word_ & 3); }
  Few* few() const;
  Many* many() const;
  void AddToFew(uint32_t id);

  // 0, or an id above bit 32, or a pointer to one of the two.
  uint64_t word_ = 0;
};

// The union of many sets, taken in a few steps.
class IdUnion {
 public:
  // `set` must stay as it is until Flush.
  void Add(const IdSet& set);

  // From here on the sets that were added are no longer looked at.
  void Flush();

  // All ids of all sets; the union is empty afterwards.
  Roaring Take();

 private:
  Roaring sum_;
  std::vector<const Roaring*> many_;
  std::vector<uint32_t> few_;
};

}  // namespace ora::storage
