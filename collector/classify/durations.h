// What a line says something took.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "collector/classify/text_index.h"

namespace ora::collector {

// More than a day is not a response time.
inline constexpr double kDurationSecondsMax = 86'400;

// The first duration in running text: a number with a unit near a word that says that it is one
// (`took 1.5s`, `in 250ms`, `duration: 3 s`, `(0.012 seconds)`), or a field that does
// (`elapsed_ms=12`, `rt=0.123`). Not timeouts, intervals, or what is yet to come (`retry in 5s`).
// With an index of a text that `text` is a part of, the same is found faster.
absl::optional<double> FindDuration(absl::string_view text, const TextIndex* index = nullptr);

// Seconds in one unit of the field `key` (`duration_ms`, `took`, `response_time`), for a number
// without a unit; none if the field is no duration.
absl::optional<double> DurationFieldScale(absl::string_view key);

// The seconds of a field's value, which may bear a unit (`12.5ms`); `scale` is that of its key.
absl::optional<double> ParseDurationField(absl::string_view value, double scale);

}  // namespace ora::collector
