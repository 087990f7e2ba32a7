// Which series bear which label: bitmaps of series ids.
#pragma once

#include <cstdint>
#include <roaring/roaring.hh>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "storage/index/symbols.h"
#include "storage/matcher.h"

namespace ora::storage {

// Not thread-safe; const calls may run side by side. Ids are added in no order.
class LabelPostings {
 public:
  // `name` and `value` must stay where they are as long as this object.
  void Add(uint32_t id, absl::string_view name, absl::string_view value);
  void AddSeries(uint32_t id) { all_.add(id); }

  // The series that all of `matchers` match.
  Roaring Resolve(absl::Span<const Matcher> matchers) const;

  // The names, or the values of one label, that series of `among` bear; sorted.
  std::vector<std::string> NamesAmong(const Roaring& among) const;
  std::vector<std::string> ValuesAmong(absl::string_view name, const Roaring& among) const;

  const Roaring& all() const { return all_; }

 private:
  // Sorted, so that a prefix is a range of it.
  using ByValue = absl::btree_map<absl::string_view, Roaring>;

  Roaring UnionOfMatching(const ByValue& values, const Matcher& matcher) const;
  Roaring UnionOfNotMatching(const ByValue& values, const Matcher& matcher) const;

  absl::flat_hash_map<absl::string_view, ByValue> by_name_;
  Roaring all_;
};

}  // namespace ora::storage
