#include "aggregator/promql/explain/query_plan.h"

#include "aggregator/promql/parser/printer.h"

namespace ora::promql {
namespace {

class PlanWriter {
 public:
  PlanWriter(std::vector<PlanNode>& nodes, size_t nodes_max)
      : nodes_(nodes), nodes_max_(nodes_max) {}

  void Add(const Expr& expr, uint32_t depth) {
    const Expr& inner = WithoutParentheses(expr);
    if (std::holds_alternative<NumberLiteral>(inner.node) ||
        std::holds_alternative<StringLiteral>(inner.node) || nodes_.size() >= nodes_max_) {
      return;
    }
    nodes_.push_back({Print(inner), depth, inner.type});
    std::visit([&](const auto& node) { AddBelow(node, depth + 1); }, inner.node);
  }

 private:
  void AddBelow(const Subquery& node, uint32_t depth) { Add(*node.inner, depth); }
  void AddBelow(const Parenthesis& node, uint32_t depth) { Add(*node.inner, depth); }
  void AddBelow(const Unary& node, uint32_t depth) { Add(*node.operand, depth); }
  void AddBelow(const Binary& node, uint32_t depth) {
    Add(*node.left, depth);
    Add(*node.right, depth);
  }
  void AddBelow(const Aggregate& node, uint32_t depth) {
    if (node.parameter != nullptr) Add(*node.parameter, depth);
    Add(*node.operand, depth);
  }
  void AddBelow(const Call& node, uint32_t depth) {
    for (const ExprPtr& argument : node.arguments) Add(*argument, depth);
  }
  void AddBelow(const auto&, uint32_t) {}  // Nothing is below a selector or a literal.

  std::vector<PlanNode>& nodes_;
  const size_t nodes_max_;
};

}  // namespace

std::vector<PlanNode> PlanOf(const Expr& expr, size_t nodes_max) {
  std::vector<PlanNode> nodes;
  PlanWriter(nodes, nodes_max).Add(expr, 0);
  if (nodes.empty()) nodes.push_back({Print(expr), 0, expr.type});
  return nodes;
}

}  // namespace ora::promql
