#include "tests/promql/set_aside.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "aggregator/promql/parser/lexer.h"
#include "aggregator/promql/parser/parser.h"

namespace ora::promql {
namespace {

template <typename Predicate>
bool AnyNode(Expr& expr, Predicate predicate) {
  if (predicate(expr)) return true;
  const std::vector<Expr*> children = Children(expr);
  return std::any_of(children.begin(), children.end(),
                     [&](Expr* child) { return AnyNode(*child, predicate); });
}

bool Calls(const Expr& expr, absl::string_view function) {
  const auto* call = std::get_if<Call>(&expr.node);
  return call != nullptr && call->function->name == function;
}

bool IsLimitRatio(const Expr& expr) {
  const auto* aggregate = std::get_if<Aggregate>(&expr.node);
  return aggregate != nullptr && aggregate->op == AggregateOperator::kLimitRatio;
}

bool IsArithmetic(TokenKind kind) {
  switch (kind) {
    case TokenKind::kAdd:
    case TokenKind::kSubtract:
    case TokenKind::kMultiply:
    case TokenKind::kDivide:
    case TokenKind::kModulo:
    case TokenKind::kPower:
    case TokenKind::kLeftParen:
    case TokenKind::kIdentifier:
      return true;
    default:
      return false;
  }
}

// Arithmetic where a duration stands: `x[5m * 2]`, `x offset (1h)`, `x[step()]`.
bool HasDurationExpression(absl::string_view query) {
  const std::vector<Token> tokens = Tokenize(query);
  int brackets = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const TokenKind kind = tokens[i].kind;
    if (kind == TokenKind::kLeftBracket) ++brackets;
    if (kind == TokenKind::kRightBracket) --brackets;
    if (brackets > 0 && IsArithmetic(kind)) return true;
    if (!absl::EqualsIgnoreCase(tokens[i].text, "offset")) continue;
    size_t next = i + 1;
    while (next < tokens.size() &&
           (tokens[next].kind == TokenKind::kSubtract || tokens[next].kind == TokenKind::kAdd)) {
      ++next;
    }
    if (next >= tokens.size()) continue;
    const bool call = tokens[next].kind == TokenKind::kIdentifier && next + 1 < tokens.size() &&
                      tokens[next + 1].kind == TokenKind::kLeftParen;
    if (call || tokens[next].kind == TokenKind::kLeftParen) return true;
  }
  return false;
}

bool HasTypeOrUnit(const storage::Labels& labels) {
  return labels.Has("__type__") || labels.Has("__unit__");
}

}  // namespace

std::string WhySetAside(const EvalCommand& eval) {
  for (const SeriesLine& line : eval.series) {
    if (HasHistogram(line)) return kNativeHistograms;
    if (HasTypeOrUnit(line.labels)) return kTypeAndUnitLabels;
  }
  if (absl::StrContains(eval.query, "__type__") || absl::StrContains(eval.query, "__unit__")) {
    return kTypeAndUnitLabels;
  }
  const absl::StatusOr<ExprPtr> expr = ParseExpression(eval.query);
  if (!expr.ok()) return HasDurationExpression(eval.query) ? kDurationExpressions : "";
  if (AnyNode(**expr, [](const Expr& node) { return Calls(node, "info"); })) return kInfoFunction;
  return "";
}

bool DependsOnHash(absl::string_view query) {
  const absl::StatusOr<ExprPtr> expr = ParseExpression(query);
  return expr.ok() && AnyNode(**expr, IsLimitRatio);
}

}  // namespace ora::promql
