// Pages of sorted lists: a token names the last item of the page before, so that items that come
// or go between two pages neither repeat nor hide others.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::aggregator {

// An opaque token for the key of a page's last item.
std::string PageToken(absl::string_view last_key);

// The key that a token holds; empty for an empty token. INVALID_ARGUMENT: no token of ours.
absl::StatusOr<std::string> PageKey(absl::string_view token);

template <typename Item>
struct Page {
  std::vector<Item> items;
  std::string next_page_token;  // Empty on the last page.
};

// The items after the one that `token` names. `items` are sorted by `key(item)`, each key once.
template <typename Item, typename KeyFn>
absl::StatusOr<Page<Item>> PageOf(std::vector<Item> items, size_t page_size,
                                  absl::string_view token, const KeyFn& key) {
  absl::StatusOr<std::string> after = PageKey(token);
  if (!after.ok()) return after.status();
  auto first = items.begin();
  if (!token.empty()) {
    first = std::partition_point(items.begin(), items.end(),
                                 [&](const Item& item) { return !(*after < key(item)); });
  }
  const auto last = first + static_cast<std::ptrdiff_t>(std::min(
                                page_size, static_cast<size_t>(std::distance(first, items.end()))));
  Page<Item> page;
  if (last != items.end() && last != first) page.next_page_token = PageToken(key(*(last - 1)));
  page.items.assign(std::make_move_iterator(first), std::make_move_iterator(last));
  return page;
}

}  // namespace ora::aggregator
