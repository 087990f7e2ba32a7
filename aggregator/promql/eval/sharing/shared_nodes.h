// Parts of an expression that it says more than once, and their value once it is known.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

// One query's, of the nodes outside of its subqueries, which are evaluated at other steps. One
// thread's.
class SharedNodes {
 public:
  // Looks for vectors that mean the same below `root`, which must outlive this.
  void Find(const Expr& root);

  // Whether the node is one of several that mean the same.
  bool Contains(const Expr& node) const { return places_.contains(&node); }

  // Its value, if one of them was evaluated. Kept no longer than it is needed.
  std::optional<VectorGrid> Take(const Expr& node);
  void Keep(const Expr& node, const VectorGrid& value);

 private:
  struct Shared {
    size_t left = 0;  // Nodes that have not asked yet.
    std::optional<VectorGrid> value;
  };

  absl::flat_hash_map<const Expr*, size_t> places_;  // In `shared_`.
  std::vector<Shared> shared_;
};

}  // namespace ora::promql
