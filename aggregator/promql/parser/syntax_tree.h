// The syntax tree of PromQL: what a text means, with where in the text it says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "aggregator/promql/parser/functions.h"
#include "storage/matcher.h"

namespace ora::promql {

// Bytes of the text, `end` excluded.
struct TextSpan {
  size_t begin = 0;
  size_t end = 0;
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct NumberLiteral {
  double value = 0;
  bool is_duration = false;  // Written as one (`5m`); the value is in seconds.
};

struct StringLiteral {
  std::string value;
};

// `@ 1.5`, `@ start()`, `@ end()`.
struct AtTime {
  enum class Kind { kTime, kStart, kEnd };
  Kind kind = Kind::kTime;
  int64_t time_millis = 0;  // Of kTime.
};

// The time that a selector or subquery looks at: `at` (the step's own where absent) - offset.
struct TimeShift {
  std::optional<AtTime> at;
  int64_t offset_millis = 0;
};

struct VectorSelector {
  std::string name;  // The metric's, where it stands outside of the matchers; also in `matchers`.
  std::vector<storage::Matcher> matchers;
  TimeShift shift;
};

struct RangeSelector {
  VectorSelector selector;
  int64_t range_millis = 0;
};

struct Subquery {
  ExprPtr inner;
  int64_t range_millis = 0;
  int64_t step_millis = 0;  // 0: the default.
  TimeShift shift;
};

struct Parenthesis {
  ExprPtr inner;
};

enum class UnaryOperator { kPlus, kMinus };

struct Unary {
  UnaryOperator op = UnaryOperator::kPlus;
  ExprPtr operand;
};

enum class BinaryOperator {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kAtan2,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAnd,
  kOr,
  kUnless,
};

bool IsComparison(BinaryOperator op);
bool IsSetOperator(BinaryOperator op);
absl::string_view Text(BinaryOperator op);

enum class Cardinality { kOneToOne, kManyToOne, kOneToMany, kManyToMany };
enum class MatchOn { kIgnoring, kOn };

struct VectorMatching {
  Cardinality cardinality = Cardinality::kOneToOne;
  MatchOn match_on = MatchOn::kIgnoring;
  std::vector<std::string> labels;   // Of on() or ignoring().
  std::vector<std::string> include;  // Of group_left() or group_right().
};

struct Binary {
  BinaryOperator op = BinaryOperator::kAdd;
  ExprPtr left;
  ExprPtr right;
  bool return_bool = false;
  VectorMatching matching;
};

enum class AggregateOperator {
  kSum,
  kAvg,
  kMin,
  kMax,
  kCount,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kQuantile,
  kCountValues,
  kLimitk,
  kLimitRatio,
};

absl::string_view Text(AggregateOperator op);

enum class Grouping { kBy, kWithout };

struct Aggregate {
  AggregateOperator op = AggregateOperator::kSum;
  ExprPtr operand;
  ExprPtr parameter;  // Null where the operator has none.
  Grouping grouping = Grouping::kBy;
  std::vector<std::string> labels;
};

struct Call {
  const FunctionSignature* function = nullptr;
  std::vector<ExprPtr> arguments;
};

struct Expr {
  using Node = std::variant<NumberLiteral, StringLiteral, VectorSelector, RangeSelector, Subquery,
                            Parenthesis, Unary, Binary, Aggregate, Call>;

  Node node;
  ValueType type = ValueType::kScalar;
  TextSpan span;
  size_t depth = 1;  // Of the tree below, itself included.
};

// The expression inside of any parentheses around it.
const Expr& WithoutParentheses(const Expr& expr);

// The expressions right below, in the order of the text (an aggregation's parameter first).
std::vector<Expr*> Children(Expr& expr);
std::vector<const Expr*> Children(const Expr& expr);

// Whether two trees mean the same; spans do not matter.
bool SameTree(const Expr& a, const Expr& b);

}  // namespace ora::promql
