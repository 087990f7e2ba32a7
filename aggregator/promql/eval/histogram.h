// Classic histograms: buckets are series that differ in the label `le`.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/eval/query_state.h"
#include "aggregator/promql/eval/vector_grid.h"

namespace ora::promql {

// Where in the text the parameter and the buckets stand, for notes.
struct HistogramPlaces {
  std::string parameter;
  std::string buckets;
};

// The q-quantile of each histogram among `buckets`, without `le`; names as they were.
VectorGrid HistogramQuantile(const ScalarGrid& q, const VectorGrid& buckets,
                             const HistogramPlaces& places, const StepGrid& grid,
                             QueryState& state);

// The bounds of histogram_fraction at each step.
struct IntervalGrid {
  ScalarGrid lower;
  ScalarGrid upper;
};

// The share of each histogram's observations that lies in the interval, without `le`; names as they
// were. `place` is where the buckets stand in the text.
VectorGrid HistogramFraction(const IntervalGrid& intervals, const VectorGrid& buckets,
                             absl::string_view place, const StepGrid& grid, QueryState& state);

}  // namespace ora::promql
