#include "aggregator/promql/parser/syntax_tree.h"

#include <bit>

namespace ora::promql {
namespace {

bool Same(const ExprPtr& a, const ExprPtr& b) {
  return (a == nullptr || b == nullptr) ? a == b : SameTree(*a, *b);
}

bool Same(const NumberLiteral& a, const NumberLiteral& b) {
  return a.is_duration == b.is_duration &&
         ((a.value != a.value && b.value != b.value) ||
          std::bit_cast<uint64_t>(a.value) == std::bit_cast<uint64_t>(b.value));
}

bool Same(const StringLiteral& a, const StringLiteral& b) { return a.value == b.value; }

bool Same(const TimeShift& a, const TimeShift& b) {
  if (a.offset_millis != b.offset_millis || a.at.has_value() != b.at.has_value()) return false;
  return !a.at || (a.at->kind == b.at->kind && a.at->time_millis == b.at->time_millis);
}

bool Same(const VectorSelector& a, const VectorSelector& b) {
  if (a.name != b.name || a.matchers.size() != b.matchers.size()) return false;
  for (size_t i = 0; i < a.matchers.size(); ++i) {
    const storage::Matcher& x = a.matchers[i];
    const storage::Matcher& y = b.matchers[i];
    if (x.name() != y.name() || x.type() != y.type() || x.value() != y.value()) return false;
  }
  return Same(a.shift, b.shift);
}

bool Same(const RangeSelector& a, const RangeSelector& b) {
  return a.range_millis == b.range_millis && Same(a.selector, b.selector);
}

bool Same(const Subquery& a, const Subquery& b) {
  return a.range_millis == b.range_millis && a.step_millis == b.step_millis &&
         Same(a.shift, b.shift) && Same(a.inner, b.inner);
}

bool Same(const Parenthesis& a, const Parenthesis& b) { return Same(a.inner, b.inner); }

bool Same(const Unary& a, const Unary& b) { return a.op == b.op && Same(a.operand, b.operand); }

bool Same(const Binary& a, const Binary& b) {
  return a.op == b.op && a.return_bool == b.return_bool &&
         a.matching.cardinality == b.matching.cardinality &&
         a.matching.match_on == b.matching.match_on && a.matching.labels == b.matching.labels &&
         a.matching.include == b.matching.include && Same(a.left, b.left) && Same(a.right, b.right);
}

bool Same(const Aggregate& a, const Aggregate& b) {
  return a.op == b.op && a.grouping == b.grouping && a.labels == b.labels &&
         Same(a.operand, b.operand) && Same(a.parameter, b.parameter);
}

bool Same(const Call& a, const Call& b) {
  if (a.function != b.function || a.arguments.size() != b.arguments.size()) return false;
  for (size_t i = 0; i < a.arguments.size(); ++i) {
    if (!Same(a.arguments[i], b.arguments[i])) return false;
  }
  return true;
}

void Collect(const ExprPtr& child, std::vector<Expr*>& children) {
  if (child != nullptr) children.push_back(child.get());
}

template <typename Leaf>
void CollectChildren(const Leaf&, std::vector<Expr*>&) {}

void CollectChildren(const Subquery& subquery, std::vector<Expr*>& children) {
  Collect(subquery.inner, children);
}

void CollectChildren(const Parenthesis& parenthesis, std::vector<Expr*>& children) {
  Collect(parenthesis.inner, children);
}

void CollectChildren(const Unary& unary, std::vector<Expr*>& children) {
  Collect(unary.operand, children);
}

void CollectChildren(const Binary& binary, std::vector<Expr*>& children) {
  Collect(binary.left, children);
  Collect(binary.right, children);
}

void CollectChildren(const Aggregate& aggregate, std::vector<Expr*>& children) {
  Collect(aggregate.parameter, children);
  Collect(aggregate.operand, children);
}

void CollectChildren(const Call& call, std::vector<Expr*>& children) {
  for (const ExprPtr& argument : call.arguments) Collect(argument, children);
}

}  // namespace

bool IsComparison(BinaryOperator op) {
  return op >= BinaryOperator::kEqual && op <= BinaryOperator::kGreaterOrEqual;
}

bool IsSetOperator(BinaryOperator op) { return op >= BinaryOperator::kAnd; }

absl::string_view Text(BinaryOperator op) {
  static constexpr absl::string_view kTexts[] = {"+",     "-",   "*",  "/",     "%",  "^",
                                                 "atan2", "==",  "!=", "<",     "<=", ">",
                                                 ">=",    "and", "or", "unless"};
  return kTexts[static_cast<size_t>(op)];
}

absl::string_view Text(AggregateOperator op) {
  static constexpr absl::string_view kTexts[] = {
      "sum",    "avg",  "min",     "max",      "count",        "group",  "stddev",
      "stdvar", "topk", "bottomk", "quantile", "count_values", "limitk", "limit_ratio"};
  return kTexts[static_cast<size_t>(op)];
}

const Expr& WithoutParentheses(const Expr& expr) {
  const Expr* inner = &expr;
  while (const auto* parenthesis = std::get_if<Parenthesis>(&inner->node)) {
    inner = parenthesis->inner.get();
  }
  return *inner;
}

std::vector<Expr*> Children(Expr& expr) {
  std::vector<Expr*> children;
  std::visit([&](const auto& node) { CollectChildren(node, children); }, expr.node);
  return children;
}

std::vector<const Expr*> Children(const Expr& expr) {
  std::vector<Expr*> children;
  std::visit([&](const auto& node) { CollectChildren(node, children); }, expr.node);
  return {children.begin(), children.end()};
}

bool SameTree(const Expr& a, const Expr& b) {
  if (a.type != b.type || a.node.index() != b.node.index()) return false;
  return std::visit(
      [&b](const auto& node) { return Same(node, std::get<std::decay_t<decltype(node)>>(b.node)); },
      a.node);
}

}  // namespace ora::promql
