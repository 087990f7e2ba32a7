#include "storage/index/symbols.h"

namespace ora::storage {

Symbol Symbols::Intern(absl::string_view text) {
  if (const auto at = symbols_.find(text); at != symbols_.end()) return at->second;
  const auto symbol = static_cast<Symbol>(texts_.size());
  texts_.emplace_back(text);
  symbols_.emplace(texts_.back(), symbol);
  return symbol;
}

absl::optional<Symbol> Symbols::Find(absl::string_view text) const {
  const auto at = symbols_.find(text);
  if (at == symbols_.end()) return absl::nullopt;
  return at->second;
}

}  // namespace ora::storage
