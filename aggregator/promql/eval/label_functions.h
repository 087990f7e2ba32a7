// Functions that rewrite labels or order by them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/eval/vector_grid.h"

namespace ora::promql {

// Whether `name` can be a label's: any UTF-8, as Prometheus 3 takes it, but not empty.
bool IsLabelName(absl::string_view name);

struct LabelReplacement {
  std::string target;
  std::string replacement;  // `$1`, `${name}`.
  std::string source;
  std::string regex;
};

// Calls within calls could make a label longer and longer: longer ones are refused.
inline constexpr size_t kMadeLabelBytesMax = 64 * 1024;

// Sets `target` where the whole of `source` matches. INVALID_ARGUMENT: the expression, the target's
// name, or two series that have become the same. RESOURCE_EXHAUSTED: a value too long.
absl::StatusOr<VectorGrid> ReplaceLabel(VectorGrid vector, const LabelReplacement& replacement);

struct LabelJoin {
  std::string target;
  std::string separator;
  std::vector<std::string> sources;
};

// Errors as ReplaceLabel.
absl::StatusOr<VectorGrid> JoinLabels(VectorGrid vector, const LabelJoin& join);

enum class LabelOrder { kAscending, kDescending };

// By the values of `names`, numbers within them by size ("a2" before "a10"), then by all labels.
VectorGrid SortByLabels(VectorGrid vector, const std::vector<std::string>& names, LabelOrder order);

}  // namespace ora::promql
