// PromQL, as Prometheus 3 evaluates it, over anything that is a storage::SeriesReader.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/labels.h"
#include "storage/sample.h"
#include "storage/series_reader.h"

namespace ora::promql {

struct QueryLimits {
  uint64_t samples_max = 50'000'000;  // Read by all selectors of one query together.
  uint64_t series_max = 1'000'000;    // Matched by one selector.
  uint64_t steps_max = 11'000;        // Between the ends of a range; dashboards know the default.
  // Of a result: its labels' text, and 16 bytes a point.
  uint64_t result_bytes_max = uint64_t{256} << 20;
};

// Whether a query's result tells what each part of the expression cost.
enum class Explain { kNo, kYes };

// When a metric's name goes from a result that is no longer the metric: at once, as Prometheus does
// by default, or at the end of the query (its feature promql-delayed-name-removal).
enum class NameRemoval { kAtOnce, kDelayed };

// How one query is to be run.
struct QueryContext {
  int64_t lookback_millis = 5 * 60 * 1000;
  int64_t subquery_step_millis = 60 * 1000;  // Of subqueries that name none.
  NameRemoval name_removal = NameRemoval::kAtOnce;
  QueryLimits limits;
  Explain explain = Explain::kNo;
  // Asked now and then, also within long loops; an error ends the query with it
  // (DEADLINE_EXCEEDED, CANCELLED). May be empty.
  std::function<absl::Status()> check_alive;
};

struct InstantSample {
  storage::Labels labels;
  int64_t time_millis = 0;
  double value = 0;
};

struct RangeSeries {
  storage::Labels labels;
  storage::SampleColumns samples;
};

struct ScalarValue {
  int64_t time_millis = 0;
  double value = 0;
};

using InstantVector = std::vector<InstantSample>;
using Matrix = std::vector<RangeSeries>;
using Value = std::variant<InstantVector, Matrix, ScalarValue, std::string>;

struct QueryCost {
  uint64_t series_selected = 0;
  uint64_t samples_read = 0;
};

// What a node of the expression's tree cost, all below it included. What the expression says twice
// is worked out once, so that the second costs nothing.
struct NodeCost {
  std::string text;  // In canonical form.
  size_t depth = 0;  // 0 for the whole expression.
  QueryCost cost;
  absl::Duration cpu;       // Of the processor.
  uint64_t series_out = 0;  // In the node's value; 0 where it is no vector.
};

struct QueryResult {
  Value value;
  std::vector<std::string> warnings;  // Each once.
  std::vector<std::string> infos;
  QueryCost cost;
  absl::Duration cpu;           // Of the processor, for the evaluation.
  std::vector<NodeCost> nodes;  // From the root downward, if the context asks to explain.
};

// Start, start + step, ... up to end, both included.
struct QuerySteps {
  int64_t start_millis = 0;
  int64_t end_millis = 0;
  int64_t step_millis = 1;
};

// Thread-safe: each call has its own state.
class Engine {
 public:
  // `reader` must outlive the engine.
  explicit Engine(storage::SeriesReader& reader) : reader_(reader) {}

  // INVALID_ARGUMENT: the text does not parse (`1:7: parse error: ...`) or cannot be evaluated (the
  // message is Prometheus's). RESOURCE_EXHAUSTED: a limit, which is named. What `check_alive` says
  // ends the query within some milliseconds.
  absl::StatusOr<QueryResult> Instant(absl::string_view expression, int64_t time_millis,
                                      const QueryContext& context);

  // The value is a Matrix, sorted by labels. Errors as Instant, and INVALID_ARGUMENT where the
  // expression's type is neither scalar nor instant vector.
  absl::StatusOr<QueryResult> Range(absl::string_view expression, const QuerySteps& steps,
                                    const QueryContext& context);

 private:
  storage::SeriesReader& reader_;
};

// The matchers of a bare selector such as `up{job=~"n.*"}`. INVALID_ARGUMENT: it is none.
absl::StatusOr<std::vector<storage::Matcher>> ParseSelector(absl::string_view selector);

}  // namespace ora::promql
