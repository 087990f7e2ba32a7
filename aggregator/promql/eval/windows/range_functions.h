// Functions of a series' windows: rate, increase, ..._over_time and their like.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/eval/query_state.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "storage/sample.h"

namespace ora::promql {

// The scalars beside the windows, in the order of the call.
using ScalarArguments = std::vector<ScalarGrid>;

// Whether `function` is one of those below.
bool IsRangeFunction(absl::string_view function);

// The function's result is still the metric, so it keeps its name.
bool KeepsName(absl::string_view function);

// The windows of a range selector or a subquery.
struct WindowFrame {
  StepGrid grid;
  std::vector<int64_t> ends_millis;  // Of each step's window, included; ascending.
  int64_t range_millis = 0;          // The start, so long before the end, is not included.
};

// One function with its parameters, applied to one series after the other. One thread's.
class WindowFunction {
 public:
  virtual ~WindowFunction() = default;

  // Puts the value at each step whose window has samples enough into `result`, which is empty and
  // of the grid's length. `samples` bear no staleness markers. Ends with the error of `state` when
  // the query is to end.
  virtual absl::Status Apply(const storage::SampleColumns& samples, const QueryState& state,
                             GridSeries& result) = 0;
};

// A function over `frame`. `place` is where the windows stand in the text (`1:7`), for notes, which
// go to `state`. `frame` and `scalars` must outlive what is returned. INVALID_ARGUMENT: a parameter
// out of range.
absl::StatusOr<std::unique_ptr<WindowFunction>> MakeWindowFunction(absl::string_view function,
                                                                   const WindowFrame& frame,
                                                                   const ScalarArguments& scalars);

// Tells what is noteworthy about a function, once its results are known.
class RangeFunctionNotes {
 public:
  // The parameters must outlive the notes.
  RangeFunctionNotes(absl::string_view function, const ScalarArguments& scalars)
      : function_(function), scalars_(scalars) {}

  // A series of the result and its metric's name, empty if it has none.
  void See(absl::string_view name, const GridSeries& result);
  void TellTo(QueryState& state, absl::string_view place) const;

 private:
  const absl::string_view function_;
  const ScalarArguments& scalars_;
  std::string name_before_;
  std::set<std::string> suspects_;  // Names that are hardly counters'.
  StepBits present_;                // Steps at which any series has a value.
};

}  // namespace ora::promql
