// A line such as `up{job="node"} 1 2 _ 3+1x5`.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/labels.h"

namespace ora::promql {

struct SeriesLine {
  storage::Labels labels;
  std::vector<absl::optional<double>> values;  // Empty where the line has a gap.
};

// INVALID_ARGUMENT: the line is none.
absl::StatusOr<SeriesLine> ParseSeriesLine(absl::string_view line);

}  // namespace ora::promql
