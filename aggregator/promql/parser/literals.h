// Numbers, durations and strings as PromQL writes them, both ways.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::promql {

// Decimal, exponent, hexadecimal (0x), octal with a leading 0 as in Go, `_` between digits.
// INVALID_ARGUMENT: it is none, or too large.
absl::StatusOr<double> ParseNumber(absl::string_view text);

// `1h30m`: units y w d h m s ms, largest first, each once. INVALID_ARGUMENT: it is none, or longer
// than 292 years.
absl::StatusOr<int64_t> ParseDurationMillis(absl::string_view text);

// Takes the quotes away and the escapes (those of Go). INVALID_ARGUMENT: an unknown escape.
absl::StatusOr<std::string> Unquote(absl::string_view quoted);

// The shortest text that ParseNumber reads as the same value; `Inf`, `-Inf`, `NaN`.
std::string FormatNumber(double value);

// The shortest digits, never an exponent; `+Inf`, `-Inf`, `NaN`.
std::string FormatWithoutExponent(double value);

// The shortest digits, with an exponent from 1e+06 up and below 0.0001; `+Inf`, `-Inf`, `NaN`.
std::string FormatCompact(double value);

// `1h30m`; `0s` for none, `-5m` below it.
std::string FormatDurationMillis(int64_t millis);

// How many bytes the UTF-8 character has with which `text` begins; 0: it begins with none.
size_t CharacterLength(absl::string_view text);

// In double quotes, with escapes where needed (and for bytes that are no UTF-8).
std::string Quote(absl::string_view text);

// `[a-zA-Z_:][a-zA-Z0-9_:]*`: a metric's name that needs no quotes.
bool IsPlainMetricName(absl::string_view name);

// `[a-zA-Z_][a-zA-Z0-9_]*`: a label's name that needs no quotes.
bool IsPlainLabelName(absl::string_view name);

// Words that no metric's name can be without quotes: `on`, `bool`, `inf` and the like.
bool IsReservedWord(absl::string_view word);

}  // namespace ora::promql
