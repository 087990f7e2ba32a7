// Walks a syntax tree and computes each node for all steps at once.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/eval/group_folds.h"
#include "aggregator/promql/eval/query_state.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/eval/windows/range_functions.h"
#include "aggregator/promql/parser/syntax_tree.h"

namespace ora::promql {

// What a range function is called on: its only argument of that type.
const Expr& RangeArgument(const Call& call);

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

  // As Evaluate, but what the expression says twice is taken from the first time.
  absl::StatusOr<GridValue> EvaluateOnce(const Expr& expr);
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

  absl::StatusOr<GridValue> CallRangeFunction(const Call& call, const Expr& expr);
  absl::StatusOr<GridValue> CallLabelFunction(const Call& call);
  absl::StatusOr<GridValue> CallTimestamp(const Call& call);
  absl::StatusOr<GridValue> CallHistogramQuantile(const Call& call);
  absl::StatusOr<GridValue> CallHistogramFraction(const Call& call);
  absl::StatusOr<GridValue> CallInstantFunction(const Call& call);

  // A series as it comes from a selector, with its values at all steps; both valid during the call.
  using VisitSeries = absl::FunctionRef<absl::Status(const storage::SeriesCursor& labels,
                                                     const GridSeries& series)>;
  // What makes a series' samples its values.
  using Transform =
      absl::FunctionRef<absl::Status(storage::SampleColumns& samples, GridSeries& series)>;

  // The time that `shift` makes of each step's time.
  std::vector<int64_t> ShiftedTimes(const TimeShift& shift) const;
  // Whether Stream takes the expression: a selector, or a function of a range selector.
  static bool IsStreamed(const Expr& expr);
  // Visits the series of such an expression that have a value at some step, sorted by labels, none
  // of them twice. `function` as in EvaluateVector.
  absl::Status Stream(const Expr& expr, absl::string_view function, VisitSeries visit);
  absl::Status StreamSelector(const VectorSelector& selector, SelectorValue wanted,
                              VisitSeries visit);
  absl::Status StreamRangeFunction(const Call& call, VisitSeries visit);
  absl::Status StreamSamples(const storage::SelectRequest& request, Transform transform,
                             VisitSeries visit);
  storage::SelectRequest RequestFor(const VectorSelector& selector,
                                    const std::vector<int64_t>& ends_millis,
                                    int64_t range_millis) const;
  absl::StatusOr<VectorGrid> Select(const VectorSelector& selector, SelectorValue wanted);
  bool CanFold(const Aggregate& aggregate) const;
  absl::StatusOr<VectorGrid> AggregateStream(const Aggregate& aggregate, GroupFolds& folds);
  absl::StatusOr<WindowGrid> SelectWindows(const RangeSelector& range);
  absl::StatusOr<WindowGrid> SubqueryWindows(const Subquery& subquery);
  absl::StatusOr<VectorGrid> ApplyToSubquery(const Call& call);
  absl::StatusOr<ScalarArguments> EvaluateScalars(const Call& call);

  // `1:7`, where `expr` begins.
  std::string Place(const Expr& expr) const;
  NameRemoval removal() const;

  QueryState& state_;
  const absl::string_view text_;
  const StepGrid grid_;
  std::string function_above_;  // Of the node that is evaluated now; empty if none.
};

}  // namespace ora::promql
