// A line such as `up{job="node"} 1 2 _ 3+1x5`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/labels.h"

namespace ora::promql {

enum class PointKind {
  kGap,  // `_`: no sample.
  kFloat,
  kHistogram,  // `{{...}}`: what it holds is not kept.
};

struct SeriesPoint {
  PointKind kind = PointKind::kGap;
  double value = 0;  // Of kFloat.
};

struct SeriesLine {
  storage::Labels labels;
  std::vector<SeriesPoint> points;
};

// INVALID_ARGUMENT: the line is none.
absl::StatusOr<SeriesLine> ParseSeriesLine(absl::string_view line);

// A number as expectations write it: `1.5`, `0x1f`, `+Inf`, `NaN`; nothing if it is none.
std::optional<double> ParseLoneNumber(absl::string_view text);

bool HasHistogram(const SeriesLine& line);

}  // namespace ora::promql
