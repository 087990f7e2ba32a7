// What one YAML scalar means, by the type that is asked for.
//
// Errors are INVALID_ARGUMENT and say what was seen and what is expected; the caller puts file,
// line and field in front. Stateless, so thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ora::yaml {

// `true` or `false`, nothing else.
absl::StatusOr<bool> ParseBool(absl::string_view text);

// A finite decimal number.
absl::StatusOr<double> ParseNumber(absl::string_view text);

// A decimal whole number.
absl::StatusOr<int64_t> ParseSigned(absl::string_view text);
absl::StatusOr<uint64_t> ParseUnsigned(absl::string_view text);

// Bytes: `1048576`, `64MiB`, `1.5 GB`; the result is rounded to whole bytes.
absl::StatusOr<uint64_t> ParseSize(absl::string_view text);

// Numbers with units, largest first: `30d`, `1h30m`, `1.5s`, `500ms`. At most 10,000 years.
absl::StatusOr<absl::Duration> ParseDurationText(absl::string_view text);

bool IsUtf8(absl::string_view text);

// The candidate that `word` most likely stands for; empty if none is near.
std::string Suggest(absl::string_view word, const std::vector<std::string>& candidates);

}  // namespace ora::yaml
