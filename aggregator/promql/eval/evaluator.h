// Walks a syntax tree and computes each node for all steps at once.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/eval/query_state.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

class Evaluator {
 public:
  // `text` is what was parsed, for the places that notes name. All but `grid` must outlive the
  // evaluator.
  Evaluator(QueryState& state, absl::string_view text, const StepGrid& grid)
      : state_(state), text_(text), grid_(grid) {}

  // Of an expression that is no range vector.
  absl::StatusOr<GridValue> Evaluate(const Expr& expr);

  // Of a range selector or a subquery. `function` as in EvaluateVector.
  absl::StatusOr<WindowGrid> EvaluateWindows(const Expr& expr, absl::string_view function);

 private:
  // What an instant selector gives of the sample that it finds.
  enum class SelectorValue { kValue, kTime };

  absl::StatusOr<ScalarGrid> EvaluateScalar(const Expr& expr);
  // `function` is the function or aggregation right above, for the reader's hints.
  absl::StatusOr<VectorGrid> EvaluateVector(const Expr& expr, absl::string_view function);
  absl::StatusOr<std::string> EvaluateString(const Expr& expr);

  absl::StatusOr<GridValue> EvaluateNode(const NumberLiteral& number, const Expr& expr);
  absl::StatusOr<GridValue> EvaluateNode(const StringLiteral& string, const Expr& expr);
  absl::StatusOr<GridValue> EvaluateNode(const VectorSelector& selector, const Expr& expr);
  absl::StatusOr<GridValue> EvaluateNode(const RangeSelector& range, const Expr& expr);
  absl::StatusOr<GridValue> EvaluateNode(const Subquery& subquery, const Expr& expr);
  absl::StatusOr<GridValue> EvaluateNode(const Parenthesis& parenthesis, const Expr& expr);
  absl::StatusOr<GridValue> EvaluateNode(const Unary& unary, const Expr& expr);
  absl::StatusOr<GridValue> EvaluateNode(const Binary& binary, const Expr& expr);
  absl::StatusOr<GridValue> EvaluateNode(const Aggregate& aggregate, const Expr& expr);
  absl::StatusOr<GridValue> EvaluateNode(const Call& call, const Expr& expr);

  absl::StatusOr<GridValue> CallRangeFunction(const Call& call);
  absl::StatusOr<GridValue> CallLabelFunction(const Call& call);
  absl::StatusOr<GridValue> CallTimestamp(const Call& call);
  absl::StatusOr<GridValue> CallHistogramQuantile(const Call& call);
  absl::StatusOr<GridValue> CallInstantFunction(const Call& call);

  // The time that `shift` makes of each step's time.
  std::vector<int64_t> ShiftedTimes(const TimeShift& shift) const;
  absl::StatusOr<VectorGrid> Select(const VectorSelector& selector, SelectorValue wanted);
  absl::StatusOr<WindowGrid> SelectWindows(const RangeSelector& range);
  absl::StatusOr<WindowGrid> SubqueryWindows(const Subquery& subquery);

  // `1:7`, where `expr` begins.
  std::string Place(const Expr& expr) const;
  NameRemoval removal() const;

  QueryState& state_;
  const absl::string_view text_;
  const StepGrid grid_;
  std::string function_above_;  // Of the node that is evaluated now; empty if none.
};

}  // namespace ora::promql
