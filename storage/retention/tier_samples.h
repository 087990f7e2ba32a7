// Rows of a tier as samples again, for what a query will do with them. No I/O, no state, any
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "storage/retention/tier_row.h"
#include "storage/sample.h"

namespace ora::storage {

// What stands for a bucket. Each gives one sample a bucket, at the time of the bucket's last
// sample.
enum class TierColumn {
  kLast,     // The last value.
  kCounter,  // The last value, and samples in between that show the resets: see below.
  kMin,
  kMax,
  kSum,
  kMean,  // The sum over the count.
};

// By ReadHints::function: rate, increase, irate and resets read counters; min_over_time,
// max_over_time, sum_over_time and avg_over_time their column; everything else the last values.
TierColumn ColumnFor(absl::string_view function);

// Appends the samples of `row` and its staleness markers, later than all in `append_to`; so the
// rows of several days, and raw samples after them, go one behind another.
//
// kCounter: the day's first sample too; and half way between two buckets' last samples another, so
// that a window as wide as a bucket has the two that a rate needs. It has half of the increase.
// Where a counter was reset within a bucket, it has what was lost instead, with a 0 behind it if
// the counter ended above that. So the usual rule (a value below the one before it is an increase
// from 0) gives the increase from any bucket's end to any other's, and to raw samples that follow,
// exactly; if the row keeps resets.
void AppendTierSamples(const TierRow& row, TierColumn column, SampleColumns& append_to);

// What of a query's range came from tiers.
struct TierUse {
  Resolution coarsest = Resolution::kFiveMinutes;
  int64_t end_millis = 0;  // The first moment after it.
};

// For SeriesCursor::warnings: what `function` read there, and whether the answer is exact.
std::string TierWarning(absl::string_view function, const TierUse& use);

}  // namespace ora::storage
