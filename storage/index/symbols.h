// Each distinct text of labels once, under a small number.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace ora::storage {

using Symbol = uint32_t;

// Not thread-safe. Texts keep their place for the life of the table.
class Symbols {
 public:
  Symbol Intern(absl::string_view text);
  absl::optional<Symbol> Find(absl::string_view text) const;
  absl::string_view TextOf(Symbol symbol) const { return texts_[symbol]; }

 private:
  std::deque<std::string> texts_;
  absl::flat_hash_map<absl::string_view, Symbol> symbols_;  // Views of texts_.
};

}  // namespace ora::storage
