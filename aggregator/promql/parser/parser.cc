#include "aggregator/promql/parser/parser.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "aggregator/promql/parser/lexer.h"
#include "aggregator/promql/parser/literals.h"
#include "aggregator/promql/parser/type_check.h"
#include "proto/status/status_macros.h"
#include "storage/labels.h"

namespace ora::promql {
namespace {

using storage::Matcher;
using storage::MatchType;

enum Precedence { kOrLevel = 1, kAndLevel, kCompareLevel, kSumLevel, kProductLevel, kPowerLevel };

struct OperatorRule {
  BinaryOperator op;
  int precedence;
};

bool IsWord(const Token& token, absl::string_view word) {
  return token.kind == TokenKind::kIdentifier && absl::EqualsIgnoreCase(token.text, word);
}

std::optional<OperatorRule> OperatorOf(const Token& token) {
  switch (token.kind) {
    case TokenKind::kAdd:
      return OperatorRule{BinaryOperator::kAdd, kSumLevel};
    case TokenKind::kSubtract:
      return OperatorRule{BinaryOperator::kSubtract, kSumLevel};
    case TokenKind::kMultiply:
      return OperatorRule{BinaryOperator::kMultiply, kProductLevel};
    case TokenKind::kDivide:
      return OperatorRule{BinaryOperator::kDivide, kProductLevel};
    case TokenKind::kModulo:
      return OperatorRule{BinaryOperator::kModulo, kProductLevel};
    case TokenKind::kPower:
      return OperatorRule{BinaryOperator::kPower, kPowerLevel};
    case TokenKind::kEqual:
      return OperatorRule{BinaryOperator::kEqual, kCompareLevel};
    case TokenKind::kNotEqual:
      return OperatorRule{BinaryOperator::kNotEqual, kCompareLevel};
    case TokenKind::kLess:
      return OperatorRule{BinaryOperator::kLess, kCompareLevel};
    case TokenKind::kLessOrEqual:
      return OperatorRule{BinaryOperator::kLessOrEqual, kCompareLevel};
    case TokenKind::kGreater:
      return OperatorRule{BinaryOperator::kGreater, kCompareLevel};
    case TokenKind::kGreaterOrEqual:
      return OperatorRule{BinaryOperator::kGreaterOrEqual, kCompareLevel};
    default:
      break;
  }
  if (IsWord(token, "atan2")) return OperatorRule{BinaryOperator::kAtan2, kProductLevel};
  if (IsWord(token, "and")) return OperatorRule{BinaryOperator::kAnd, kAndLevel};
  if (IsWord(token, "unless")) return OperatorRule{BinaryOperator::kUnless, kAndLevel};
  if (IsWord(token, "or")) return OperatorRule{BinaryOperator::kOr, kOrLevel};
  return std::nullopt;
}

std::optional<AggregateOperator> AggregateOf(const Token& token) {
  for (int i = 0; i <= static_cast<int>(AggregateOperator::kLimitRatio); ++i) {
    const auto op = static_cast<AggregateOperator>(i);
    if (IsWord(token, Text(op))) return op;
  }
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text), tokens_(Tokenize(text)) {}

  absl::StatusOr<ExprPtr> Run() {
    if (Peek().kind == TokenKind::kEnd) return Fail(0, "no expression found in input");
    ORA_ASSIGN_OR_RETURN(ExprPtr expr, ParseBinary(kOrLevel));
    if (Peek().kind != TokenKind::kEnd) return Unexpected("after the expression", "an operator");
    return expr;
  }

 private:
  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }

  const Token& Take() {
    const Token& token = Peek();
    if (next_ + 1 < tokens_.size()) ++next_;
    last_end_ = token.end();
    return token;
  }

  bool TakeIf(TokenKind kind) {
    if (Peek().kind != kind) return false;
    Take();
    return true;
  }

  bool TakeWord(absl::string_view word) {
    if (!IsWord(Peek(), word)) return false;
    Take();
    return true;
  }

  absl::Status Fail(size_t at, absl::string_view message) const {
    const absl::string_view before = text_.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t newline = before.rfind('\n');
    const size_t column = newline == absl::string_view::npos ? at + 1 : at - newline;
    return absl::InvalidArgumentError(absl::StrCat(line, ":", column, ": parse error: ", message));
  }

  absl::Status Fail(size_t at, const absl::Status& cause) const {
    return Fail(at, cause.message());
  }

  absl::Status Unexpected(absl::string_view where, absl::string_view expected) const {
    const Token& token = Peek();
    if (token.kind == TokenKind::kError) {
      return Fail(token.begin, absl::StrCat(token.message, " ", where, ", expected ", expected));
    }
    return Fail(token.begin,
                absl::StrCat("unexpected ", Describe(token), " ", where, ", expected ", expected));
  }

  absl::Status Expect(TokenKind kind, absl::string_view where, absl::string_view expected) {
    return TakeIf(kind) ? absl::OkStatus() : Unexpected(where, expected);
  }

  absl::StatusOr<ExprPtr> Make(Expr::Node node, ValueType type, size_t begin, size_t depth_below) {
    if (depth_below >= kTreeDepthMax) {
      return Fail(begin, absl::StrCat("expression is nested deeper than ", kTreeDepthMax));
    }
    auto expr = std::make_unique<Expr>();
    expr->node = std::move(node);
    expr->type = type;
    expr->span = {begin, last_end_};
    expr->depth = depth_below + 1;
    return expr;
  }

  // --- operators ---

  absl::StatusOr<ExprPtr> ParseBinary(int precedence_min) {
    if (++nesting_ > kTreeDepthMax) {
      return Fail(Peek().begin, absl::StrCat("expression is nested deeper than ", kTreeDepthMax));
    }
    ORA_ASSIGN_OR_RETURN(ExprPtr left, ParseUnary());
    while (true) {
      const std::optional<OperatorRule> rule = OperatorOf(Peek());
      if (!rule || rule->precedence < precedence_min) break;
      Take();
      Binary binary;
      binary.op = rule->op;
      ORA_RETURN_IF_ERROR(ParseModifiers(binary));
      const int right_min = rule->op == BinaryOperator::kPower ? kPowerLevel : rule->precedence + 1;
      ORA_ASSIGN_OR_RETURN(binary.right, ParseBinary(right_min));
      binary.left = std::move(left);
      const size_t begin = binary.left->span.begin;
      if (absl::Status status = Check(binary); !status.ok()) return Fail(begin, status);
      const bool scalar =
          binary.left->type == ValueType::kScalar && binary.right->type == ValueType::kScalar;
      const size_t depth = std::max(binary.left->depth, binary.right->depth);
      ORA_ASSIGN_OR_RETURN(
          left,
          Make(std::move(binary), scalar ? ValueType::kScalar : ValueType::kVector, begin, depth));
    }
    --nesting_;
    return left;
  }

  absl::Status ParseModifiers(Binary& binary) {
    VectorMatching& matching = binary.matching;
    if (IsSetOperator(binary.op)) matching.cardinality = Cardinality::kManyToMany;
    binary.return_bool = TakeWord("bool");
    const bool on = IsWord(Peek(), "on");
    if (!on && !IsWord(Peek(), "ignoring")) return absl::OkStatus();
    Take();
    matching.match_on = on ? MatchOn::kOn : MatchOn::kIgnoring;
    ORA_ASSIGN_OR_RETURN(matching.labels, ParseLabelList());
    const bool left = IsWord(Peek(), "group_left");
    if (!left && !IsWord(Peek(), "group_right")) return absl::OkStatus();
    Take();
    matching.cardinality = left ? Cardinality::kManyToOne : Cardinality::kOneToMany;
    if (Peek().kind == TokenKind::kLeftParen) {
      ORA_ASSIGN_OR_RETURN(matching.include, ParseLabelList());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<ExprPtr> ParseUnary() {
    const Token first = Peek();
    if (first.kind != TokenKind::kAdd && first.kind != TokenKind::kSubtract) return ParsePostfix();
    Take();
    const bool minus = first.kind == TokenKind::kSubtract;
    ORA_ASSIGN_OR_RETURN(ExprPtr operand, ParseBinary(kPowerLevel));
    if (auto* number = std::get_if<NumberLiteral>(&operand->node)) {
      if (minus) number->value = -number->value;
      operand->span.begin = first.begin;
      return operand;
    }
    Unary unary{minus ? UnaryOperator::kMinus : UnaryOperator::kPlus, std::move(operand)};
    if (absl::Status status = Check(unary); !status.ok()) return Fail(first.begin, status);
    const ValueType type = unary.operand->type;
    const size_t depth = unary.operand->depth;
    return Make(std::move(unary), type, first.begin, depth);
  }

  // --- what follows a selector, a call or a closed parenthesis ---

  absl::StatusOr<ExprPtr> ParsePostfix() {
    ORA_ASSIGN_OR_RETURN(ExprPtr expr, ParsePrimary());
    bool shifted_at = false;
    bool shifted_offset = false;
    while (true) {
      const size_t at = Peek().begin;
      if (Peek().kind == TokenKind::kLeftBracket) {
        ORA_ASSIGN_OR_RETURN(expr, ParseBrackets(std::move(expr), shifted_at, shifted_offset));
        shifted_at = shifted_offset = false;
        continue;
      }
      const bool is_at = Peek().kind == TokenKind::kAt;
      if (!is_at && !IsWord(Peek(), "offset")) return expr;
      TimeShift* shift = ShiftOf(*expr);
      if (shift == nullptr) {
        return Fail(at, absl::StrCat(is_at ? "@" : "offset",
                                     " modifier must be preceded by an instant vector selector or "
                                     "range vector selector or a subquery"));
      }
      bool& seen = is_at ? shifted_at : shifted_offset;
      if (std::exchange(seen, true)) {
        return Fail(
            at, is_at ? "@ may not be set multiple times" : "offset may not be set multiple times");
      }
      Take();
      if (is_at) {
        ORA_ASSIGN_OR_RETURN(shift->at, ParseAt());
      } else {
        const bool minus = TakeSign();
        ORA_ASSIGN_OR_RETURN(shift->offset_millis, ParseMillis("in offset"));
        if (minus) shift->offset_millis = -shift->offset_millis;
      }
      expr->span.end = last_end_;
    }
  }

  bool TakeSign() {
    if (TakeIf(TokenKind::kAdd)) return false;
    return TakeIf(TokenKind::kSubtract);
  }

  static TimeShift* ShiftOf(Expr& expr) {
    if (auto* selector = std::get_if<VectorSelector>(&expr.node)) return &selector->shift;
    if (auto* range = std::get_if<RangeSelector>(&expr.node)) return &range->selector.shift;
    if (auto* subquery = std::get_if<Subquery>(&expr.node)) return &subquery->shift;
    return nullptr;
  }

  absl::StatusOr<AtTime> ParseAt() {
    for (const auto& [word, kind] :
         {std::pair{"start", AtTime::Kind::kStart}, std::pair{"end", AtTime::Kind::kEnd}}) {
      if (!TakeWord(word)) continue;
      ORA_RETURN_IF_ERROR(Expect(TokenKind::kLeftParen, "in @ modifier", "\"(\""));
      ORA_RETURN_IF_ERROR(Expect(TokenKind::kRightParen, "in @ modifier", "\")\""));
      return AtTime{kind, 0};
    }
    const bool minus = TakeSign();
    if (IsWord(Peek(), "inf") || IsWord(Peek(), "nan")) {
      return Fail(Peek().begin, absl::StrCat("timestamp out of bounds for @ modifier: ",
                                             IsWord(Peek(), "nan") ? "NaN"
                                             : minus               ? "-Inf"
                                                                   : "+Inf"));
    }
    ORA_ASSIGN_OR_RETURN(const int64_t millis, ParseMillis("in @ modifier"));
    return AtTime{AtTime::Kind::kTime, minus ? -millis : millis};
  }

  // A duration, or a number of seconds.
  absl::StatusOr<int64_t> ParseMillis(absl::string_view where) {
    const Token token = Peek();
    if (token.kind == TokenKind::kDuration) {
      Take();
      const absl::StatusOr<int64_t> millis = ParseDurationMillis(token.text);
      if (!millis.ok()) return Fail(token.begin, millis.status());
      return *millis;
    }
    if (IsWord(token, "inf") || IsWord(token, "nan")) {
      return Fail(token.begin, absl::StrCat("duration out of range: ", token.text));
    }
    if (token.kind != TokenKind::kNumber) {
      return Unexpected(where, "a duration or a number of seconds");
    }
    Take();
    const absl::StatusOr<double> seconds = ParseNumber(token.text);
    if (!seconds.ok()) return Fail(token.begin, seconds.status());
    constexpr double kSecondsMax = 9.2e9;  // About 292 years, as Go's durations.
    if (!(*seconds < kSecondsMax)) return Fail(token.begin, "duration out of range");
    return std::llround(*seconds * 1000);
  }

  absl::StatusOr<int64_t> ParsePositiveMillis(absl::string_view where) {
    const size_t at = Peek().begin;
    ORA_ASSIGN_OR_RETURN(const int64_t millis, ParseMillis(where));
    if (millis <= 0) return Fail(at, "duration must be greater than 0");
    return millis;
  }

  absl::StatusOr<ExprPtr> ParseBrackets(ExprPtr expr, bool shifted_at, bool shifted_offset) {
    const size_t at = Take().begin;
    const size_t begin = expr->span.begin;
    ORA_ASSIGN_OR_RETURN(const int64_t range, ParsePositiveMillis("in range or subquery"));
    if (TakeIf(TokenKind::kColon)) {
      Subquery subquery;
      subquery.range_millis = range;
      if (Peek().kind != TokenKind::kRightBracket) {
        ORA_ASSIGN_OR_RETURN(subquery.step_millis, ParsePositiveMillis("in subquery"));
      }
      ORA_RETURN_IF_ERROR(Expect(TokenKind::kRightBracket, "in subquery", "\"]\""));
      if (expr->type != ValueType::kVector) {
        return Fail(begin, absl::StrCat("subquery is only allowed on instant vector, got ",
                                        Text(expr->type), " instead"));
      }
      const size_t depth = expr->depth;
      subquery.inner = std::move(expr);
      return Make(std::move(subquery), ValueType::kRange, begin, depth);
    }
    ORA_RETURN_IF_ERROR(Expect(TokenKind::kRightBracket, "in range", "\":\" or \"]\""));
    auto* selector = std::get_if<VectorSelector>(&expr->node);
    if (selector == nullptr) return Fail(at, "ranges only allowed for vector selectors");
    if (shifted_offset) return Fail(at, "no offset modifiers allowed before range");
    if (shifted_at) return Fail(at, "no @ modifiers allowed before range");
    return Make(RangeSelector{std::move(*selector), range}, ValueType::kRange, begin, 0);
  }

  // --- primaries ---

  absl::StatusOr<ExprPtr> ParsePrimary() {
    const Token token = Peek();
    switch (token.kind) {
      case TokenKind::kNumber:
      case TokenKind::kDuration:
        return ParseNumberLiteral();
      case TokenKind::kString: {
        Take();
        absl::StatusOr<std::string> value = Unquote(token.text);
        if (!value.ok()) return Fail(token.begin, value.status());
        return Make(StringLiteral{*std::move(value)}, ValueType::kString, token.begin, 0);
      }
      case TokenKind::kLeftParen: {
        Take();
        ORA_ASSIGN_OR_RETURN(ExprPtr inner, ParseBinary(kOrLevel));
        if (Peek().kind == TokenKind::kEnd) return Fail(token.begin, "unclosed left parenthesis");
        ORA_RETURN_IF_ERROR(Expect(TokenKind::kRightParen, "in parentheses", "\")\""));
        const ValueType type = inner->type;
        const size_t depth = inner->depth;
        return Make(Parenthesis{std::move(inner)}, type, token.begin, depth);
      }
      case TokenKind::kLeftBrace:
      case TokenKind::kMetricName:
        return ParseSelectorExpr();
      case TokenKind::kIdentifier:
        return ParseIdentifier();
      default:
        return Unexpected("where a value begins",
                          "a metric, a function, a number, a string or \"(\"");
    }
  }

  absl::StatusOr<ExprPtr> ParseNumberLiteral() {
    const Token token = Take();
    if (token.kind == TokenKind::kDuration) {
      const absl::StatusOr<int64_t> millis = ParseDurationMillis(token.text);
      if (!millis.ok()) return Fail(token.begin, millis.status());
      return Make(NumberLiteral{static_cast<double>(*millis) / 1000, true}, ValueType::kScalar,
                  token.begin, 0);
    }
    const absl::StatusOr<double> value = ParseNumber(token.text);
    if (!value.ok()) return Fail(token.begin, value.status());
    return Make(NumberLiteral{*value, false}, ValueType::kScalar, token.begin, 0);
  }

  absl::StatusOr<ExprPtr> ParseIdentifier() {
    const Token token = Peek();
    const Token& after = Peek(1);
    if (IsWord(token, "inf") || IsWord(token, "nan")) {
      Take();
      const double value = IsWord(token, "inf") ? HUGE_VAL : std::nan("");
      return Make(NumberLiteral{value, false}, ValueType::kScalar, token.begin, 0);
    }
    if (const std::optional<AggregateOperator> op = AggregateOf(token)) {
      if (after.kind == TokenKind::kLeftParen || IsWord(after, "by") || IsWord(after, "without")) {
        return ParseAggregate(*op);
      }
    } else if (after.kind == TokenKind::kLeftParen) {
      return ParseCall();
    }
    if (IsReservedWord(token.text)) {
      return Unexpected("where a value begins",
                        "a metric, a function, a number, a string or \"(\"");
    }
    return ParseSelectorExpr();
  }

  absl::StatusOr<std::vector<ExprPtr>> ParseArguments(absl::string_view where) {
    std::vector<ExprPtr> arguments;
    ORA_RETURN_IF_ERROR(Expect(TokenKind::kLeftParen, where, "\"(\""));
    if (TakeIf(TokenKind::kRightParen)) return arguments;
    while (true) {
      ORA_ASSIGN_OR_RETURN(ExprPtr argument, ParseBinary(kOrLevel));
      arguments.push_back(std::move(argument));
      if (TakeIf(TokenKind::kRightParen)) return arguments;
      ORA_RETURN_IF_ERROR(Expect(TokenKind::kComma, where, "\",\" or \")\""));
      if (Peek().kind == TokenKind::kRightParen) {
        return Fail(Peek().begin, "trailing commas not allowed in function call args");
      }
    }
  }

  absl::StatusOr<ExprPtr> ParseCall() {
    const Token name = Take();
    Call call;
    call.function = FindFunction(name.text);
    if (call.function == nullptr) {
      return Fail(name.begin, absl::StrCat("unknown function with name ", Quote(name.text)));
    }
    ORA_ASSIGN_OR_RETURN(call.arguments, ParseArguments("in function call"));
    if (absl::Status status = Check(call); !status.ok()) {
      const Expr* wrong = MistypedArgument(call);
      return Fail(wrong != nullptr ? wrong->span.begin : name.begin, status);
    }
    size_t depth = 0;
    for (const ExprPtr& argument : call.arguments) depth = std::max(depth, argument->depth);
    const ValueType type = call.function->result;
    return Make(std::move(call), type, name.begin, depth);
  }

  absl::StatusOr<ExprPtr> ParseAggregate(AggregateOperator op) {
    const size_t begin = Take().begin;
    Aggregate aggregate;
    aggregate.op = op;
    ORA_ASSIGN_OR_RETURN(const bool before, ParseGrouping(aggregate));
    ORA_ASSIGN_OR_RETURN(std::vector<ExprPtr> arguments, ParseArguments("in aggregation"));
    if (!before) {
      ORA_ASSIGN_OR_RETURN(const bool after, ParseGrouping(aggregate));
      static_cast<void>(after);
    }
    if (arguments.size() > 2) {
      return Fail(begin, absl::StrCat("wrong number of arguments for aggregate expression "
                                      "provided, expected at most 2, got ",
                                      arguments.size()));
    }
    size_t depth = 0;
    for (const ExprPtr& argument : arguments) depth = std::max(depth, argument->depth);
    if (arguments.size() == 2) aggregate.parameter = std::move(arguments.front());
    if (!arguments.empty()) aggregate.operand = std::move(arguments.back());
    if (absl::Status status = Check(aggregate); !status.ok()) {
      const Expr* wrong = MistypedArgument(aggregate);
      return Fail(wrong != nullptr ? wrong->span.begin : begin, status);
    }
    return Make(std::move(aggregate), ValueType::kVector, begin, depth);
  }

  // Whether there is a by or without clause; reads it.
  absl::StatusOr<bool> ParseGrouping(Aggregate& aggregate) {
    const bool without = IsWord(Peek(), "without");
    if (!without && !IsWord(Peek(), "by")) return false;
    Take();
    aggregate.grouping = without ? Grouping::kWithout : Grouping::kBy;
    ORA_ASSIGN_OR_RETURN(aggregate.labels, ParseLabelList());
    return true;
  }

  absl::StatusOr<std::vector<std::string>> ParseLabelList() {
    std::vector<std::string> labels;
    ORA_RETURN_IF_ERROR(Expect(TokenKind::kLeftParen, "in grouping opts", "\"(\""));
    while (!TakeIf(TokenKind::kRightParen)) {
      if (Peek().kind != TokenKind::kIdentifier && Peek().kind != TokenKind::kString) {
        return Unexpected("in grouping opts", "label");
      }
      ORA_ASSIGN_OR_RETURN(std::string label, ParseName());
      labels.push_back(std::move(label));
      if (Peek().kind == TokenKind::kRightParen) continue;
      ORA_RETURN_IF_ERROR(Expect(TokenKind::kComma, "in grouping opts", "\",\" or \")\""));
    }
    return labels;
  }

  // An identifier, or a name in quotes.
  absl::StatusOr<std::string> ParseName() {
    const Token token = Take();
    if (token.kind != TokenKind::kString) return std::string(token.text);
    absl::StatusOr<std::string> name = Unquote(token.text);
    if (!name.ok()) return Fail(token.begin, name.status());
    if (name->empty()) return Fail(token.begin, "a name must not be empty");
    return name;
  }

  // --- selectors ---

  absl::StatusOr<ExprPtr> ParseSelectorExpr() {
    const size_t begin = Peek().begin;
    VectorSelector selector;
    if (Peek().kind != TokenKind::kLeftBrace) selector.name = std::string(Take().text);
    if (TakeIf(TokenKind::kLeftBrace)) {
      while (!TakeIf(TokenKind::kRightBrace)) {
        ORA_RETURN_IF_ERROR(ParseMatcher(selector));
        if (Peek().kind == TokenKind::kRightBrace) continue;
        ORA_RETURN_IF_ERROR(Expect(TokenKind::kComma, "in label matching", "\",\" or \"}\""));
      }
    }
    if (!selector.name.empty()) {
      selector.matchers.push_back(Matcher::Equal(storage::kMetricNameLabel, selector.name));
    }
    if (absl::Status status = Check(selector); !status.ok()) return Fail(begin, status);
    return Make(std::move(selector), ValueType::kVector, begin, 0);
  }

  absl::Status ParseMatcher(VectorSelector& selector) {
    const Token first = Peek();
    if (first.kind != TokenKind::kIdentifier && first.kind != TokenKind::kString) {
      return Unexpected("in label matching", "a label's name or \"}\"");
    }
    ORA_ASSIGN_OR_RETURN(std::string name, ParseName());
    const TokenKind sign = Peek().kind;
    if (first.kind == TokenKind::kString &&
        (sign == TokenKind::kComma || sign == TokenKind::kRightBrace)) {
      if (!selector.name.empty()) {
        return Fail(first.begin, absl::StrCat("metric name must not be set twice: ",
                                              Quote(selector.name), " or ", Quote(name)));
      }
      selector.name = std::move(name);
      return absl::OkStatus();
    }
    MatchType type = MatchType::kEqual;
    switch (sign) {
      case TokenKind::kAssign:
        break;
      case TokenKind::kNotEqual:
        type = MatchType::kNotEqual;
        break;
      case TokenKind::kMatchRegex:
        type = MatchType::kRegex;
        break;
      case TokenKind::kMatchNotRegex:
        type = MatchType::kNotRegex;
        break;
      default:
        return Unexpected("in label matching", "label matching operator");
    }
    Take();
    if (Peek().kind != TokenKind::kString) return Unexpected("in label matching", "string");
    const Token quoted = Take();
    const absl::StatusOr<std::string> value = Unquote(quoted.text);
    if (!value.ok()) return Fail(quoted.begin, value.status());
    absl::StatusOr<Matcher> matcher = Matcher::Make(name, type, *value);
    if (!matcher.ok()) return Fail(quoted.begin, matcher.status());
    selector.matchers.push_back(*std::move(matcher));
    return absl::OkStatus();
  }

  const absl::string_view text_;
  const std::vector<Token> tokens_;
  size_t next_ = 0;
  size_t last_end_ = 0;  // Of the token taken last.
  size_t nesting_ = 0;   // Of ParseBinary.
};

}  // namespace

absl::StatusOr<ExprPtr> ParseExpression(absl::string_view text) {
  if (text.size() > kExpressionBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("1:1: parse error: expression has ", text.size(),
                                                   " bytes, the limit is ", kExpressionBytesMax));
  }
  return Parser(text).Run();
}

}  // namespace ora::promql
