// Samples as unit tests of rules write them: `1 2 3`, `0+10x60`, `1x5 _ stale`.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/labels.h"

namespace ora::aggregator {

// One series may have no more samples than this.
inline constexpr size_t kNotedSamplesMax = 1'000'000;

// `V`, `_`, `stale`, `VxN` (N + 1 times), `_xN` (N times), `V+DxN`, `V-DxN`; empty where there is a
// gap. INVALID_ARGUMENT: another word, or more than kNotedSamplesMax.
absl::StatusOr<std::vector<absl::optional<double>>> ParseSamples(absl::string_view text);

// `up{job="node"}`, or `{}`. INVALID_ARGUMENT: it is no series.
absl::StatusOr<storage::Labels> ParseSeries(absl::string_view text);

}  // namespace ora::aggregator
