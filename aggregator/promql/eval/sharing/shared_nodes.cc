#include "aggregator/promql/eval/sharing/shared_nodes.h"

#include "aggregator/promql/parser/printer.h"

namespace ora::promql {
namespace {

// Texts of nodes are compared, and each contains those of the nodes below: of longer expressions
// nothing is shared.
constexpr size_t kNodesMax = 256;

using NodesByText = absl::flat_hash_map<std::string, std::vector<const Expr*>>;

// False when there are too many. What is below a node's second likeness is not looked at, since it
// will not be evaluated.
bool CollectVectors(const Expr& expr, size_t& nodes, NodesByText& by_text) {
  if (++nodes > kNodesMax) return false;
  if (std::holds_alternative<Subquery>(expr.node)) return true;
  if (expr.type == ValueType::kVector && !std::holds_alternative<Parenthesis>(expr.node)) {
    std::vector<const Expr*>& alike = by_text[Print(expr)];
    alike.push_back(&expr);
    if (alike.size() > 1) return true;
  }
  for (const Expr* child : Children(expr)) {
    if (!CollectVectors(*child, nodes, by_text)) return false;
  }
  return true;
}

}  // namespace

void SharedNodes::Find(const Expr& root) {
  NodesByText by_text;
  size_t nodes = 0;
  if (!CollectVectors(root, nodes, by_text)) return;
  for (const auto& [text, alike] : by_text) {
    if (alike.size() < 2) continue;
    for (const Expr* node : alike) places_[node] = shared_.size();
    shared_.push_back({alike.size(), std::nullopt});
  }
}

std::optional<VectorGrid> SharedNodes::Take(const Expr& node) {
  Shared& shared = shared_[places_.at(&node)];
  --shared.left;
  if (shared.left > 0 || !shared.value) return shared.value;
  return std::exchange(shared.value, std::nullopt);
}

void SharedNodes::Keep(const Expr& node, const VectorGrid& value) {
  Shared& shared = shared_[places_.at(&node)];
  if (shared.left > 0) shared.value = value;
}

}  // namespace ora::promql
