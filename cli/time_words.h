// Times and durations as a person types them.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ora::cli {

// `500ms`, `5s`, `1h30m`, `2d`, `1w`; a bare number is seconds. Not negative, at most 100 years.
// INVALID_ARGUMENT otherwise.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);

// RFC 3339 (`2026-11-23T06:00:00Z`), a date (`2026-11-23`, UTC), seconds since the epoch, `now`,
// `now-1h`, `now+5m`, or `-1h` for `now-1h`. INVALID_ARGUMENT otherwise.
absl::StatusOr<absl::Time> ParseTime(absl::string_view text, absl::Time now);

}  // namespace ora::cli
