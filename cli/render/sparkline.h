// A series as one line of bars.
#pragma once

#include <cstdint>
#include <string>

#include "absl/types/span.h"

namespace ora::cli {

// What a sparkline spans: `start_millis` to `end_millis` over `width` columns.
struct SparklineFrame {
  int64_t start_millis = 0;
  int64_t end_millis = 0;
  int width = 20;
};

// One bar a column: the mean of the finite values in the column's part of the frame, between the
// lowest and the highest mean; a blank where there is none. `values` are at `time_millis`,
// ascending.
std::string Sparkline(absl::Span<const int64_t> time_millis, absl::Span<const double> values,
                      const SparklineFrame& frame);

}  // namespace ora::cli
