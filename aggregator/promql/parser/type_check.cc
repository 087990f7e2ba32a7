#include "aggregator/promql/parser/type_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/parser/literals.h"
#include "storage/labels.h"

namespace ora::promql {
namespace {

template <typename... Parts>
absl::Status Refuse(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

bool IsScalarOrVector(ValueType type) {
  return type == ValueType::kScalar || type == ValueType::kVector;
}

bool TakesParameter(AggregateOperator op) {
  return op == AggregateOperator::kTopk || op == AggregateOperator::kBottomk ||
         op == AggregateOperator::kQuantile || op == AggregateOperator::kCountValues ||
         op == AggregateOperator::kLimitk || op == AggregateOperator::kLimitRatio;
}

ValueType ParameterType(AggregateOperator op) {
  return op == AggregateOperator::kCountValues ? ValueType::kString : ValueType::kScalar;
}

}  // namespace

const Expr* MistypedArgument(const Call& call) {
  const size_t count = call.arguments.size();
  if (count < call.function->arguments_min || count > call.function->arguments_max) return nullptr;
  for (size_t i = 0; i < count; ++i) {
    if (call.arguments[i]->type != call.function->ArgumentType(i)) return call.arguments[i].get();
  }
  return nullptr;
}

const Expr* MistypedArgument(const Aggregate& aggregate) {
  if (TakesParameter(aggregate.op) != (aggregate.parameter != nullptr)) return nullptr;
  const Expr* operand = aggregate.operand.get();
  if (operand != nullptr && operand->type != ValueType::kVector) return operand;
  const Expr* parameter = aggregate.parameter.get();
  const bool wrong = parameter != nullptr && parameter->type != ParameterType(aggregate.op);
  return wrong ? parameter : nullptr;
}

absl::Status Check(const Binary& binary) {
  const ValueType left = binary.left->type;
  const ValueType right = binary.right->type;
  const VectorMatching& matching = binary.matching;
  if (binary.return_bool && !IsComparison(binary.op)) {
    return Refuse("bool modifier can only be used on comparison operators");
  }
  if (!IsScalarOrVector(left) || !IsScalarOrVector(right)) {
    return Refuse("binary expression must contain only scalar and instant vector types, got ",
                  Text(left), " and ", Text(right));
  }
  const bool scalars = left == ValueType::kScalar && right == ValueType::kScalar;
  if (scalars && IsComparison(binary.op) && !binary.return_bool) {
    return Refuse("comparisons between scalars must use BOOL modifier");
  }
  if (matching.match_on == MatchOn::kOn) {
    for (const std::string& label : matching.labels) {
      if (std::find(matching.include.begin(), matching.include.end(), label) !=
          matching.include.end()) {
        return Refuse("label ", Quote(label), " must not occur in ON and GROUP clause at once");
      }
    }
  }
  const bool vectors = left == ValueType::kVector && right == ValueType::kVector;
  if (!vectors) {
    if (IsSetOperator(binary.op)) {
      return Refuse("set operator ", Quote(Text(binary.op)),
                    " not allowed in binary scalar expression");
    }
    if (matching.match_on == MatchOn::kOn || !matching.labels.empty() ||
        matching.cardinality != Cardinality::kOneToOne) {
      return Refuse("vector matching only allowed between instant vectors");
    }
    return absl::OkStatus();
  }
  if (IsSetOperator(binary.op) && (matching.cardinality == Cardinality::kOneToMany ||
                                   matching.cardinality == Cardinality::kManyToOne)) {
    return Refuse("no grouping allowed for ", Quote(Text(binary.op)), " operation");
  }
  return absl::OkStatus();
}

absl::Status Check(const Unary& unary) {
  if (IsScalarOrVector(unary.operand->type)) return absl::OkStatus();
  return Refuse(
      "unary expression only allowed on expressions of type scalar or instant vector, got ",
      Text(unary.operand->type));
}

absl::Status Check(const Aggregate& aggregate) {
  const bool wanted = TakesParameter(aggregate.op);
  if (aggregate.operand == nullptr) {
    return Refuse("no arguments for aggregate expression provided");
  }
  if (wanted != (aggregate.parameter != nullptr)) {
    return Refuse("wrong number of arguments for aggregate expression provided, expected ",
                  wanted ? 2 : 1, ", got ", aggregate.parameter != nullptr ? 2 : 1);
  }
  if (aggregate.operand->type != ValueType::kVector) {
    return Refuse("expected type instant vector in aggregation expression, got ",
                  Text(aggregate.operand->type));
  }
  if (!wanted) return absl::OkStatus();
  const ValueType type = ParameterType(aggregate.op);
  if (aggregate.parameter->type != type) {
    return Refuse("expected type ", Text(type), " in aggregation parameter, got ",
                  Text(aggregate.parameter->type));
  }
  return absl::OkStatus();
}

absl::Status Check(const Call& call) {
  const FunctionSignature& function = *call.function;
  const size_t count = call.arguments.size();
  if (count < function.arguments_min || count > function.arguments_max) {
    const bool exact = function.arguments_min == function.arguments_max;
    const bool few = count < function.arguments_min;
    return Refuse("expected ",
                  exact ? ""
                  : few ? "at least "
                        : "at most ",
                  few ? function.arguments_min : function.arguments_max, " argument(s) in call to ",
                  Quote(function.name), ", got ", count);
  }
  for (size_t i = 0; i < count; ++i) {
    if (call.arguments[i]->type != function.ArgumentType(i)) {
      return Refuse("expected type ", Text(function.ArgumentType(i)), " in call to function ",
                    Quote(function.name), ", got ", Text(call.arguments[i]->type));
    }
  }
  return absl::OkStatus();
}

absl::Status Check(const VectorSelector& selector) {
  if (!selector.name.empty()) {
    for (size_t i = 0; i + 1 < selector.matchers.size(); ++i) {
      if (selector.matchers[i].name() == storage::kMetricNameLabel) {
        return Refuse("metric name must not be set twice: ", Quote(selector.name), " or ",
                      Quote(selector.matchers[i].value()));
      }
    }
  }
  for (const storage::Matcher& matcher : selector.matchers) {
    if (!matcher.MatchesEmpty()) return absl::OkStatus();
  }
  return Refuse("vector selector must contain at least one non-empty matcher");
}

}  // namespace ora::promql
