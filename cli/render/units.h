// Figures as a person reads them in a table, and exact ones for machines.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace ora::cli {

// For a person. Bytes are decimal: `999 B`, `1.2 MB`, `430 GB`.
std::string HumanBytes(double bytes);
// `12,345`.
std::string HumanCount(uint64_t count);
// At most two units: `450ms`, `12s`, `3m 12s`, `2d 4h`; with a minus where it is negative.
std::string HumanDuration(absl::Duration duration);
// `3m 12s ago`, `in 5s`, `now`.
std::string HumanAge(absl::Time time, absl::Time now);
// `2026-11-23T06:00:00Z (3m 12s ago)`; empty for a timestamp that is not set.
std::string HumanInstant(const google::protobuf::Timestamp& timestamp, absl::Time now);
// A short time in seconds: `85 us`, `120 ms`, `2.10 s`, `3m 12s`.
std::string HumanSeconds(double seconds);
// `64.51 %`.
std::string HumanPercent(double percent);
// Six significant digits: `0.333333`, `1.5e+09`, `NaN`.
std::string HumanNumber(double number);
// A value in one of the units of v1::Alert.unit.
std::string HumanValue(double value, absl::string_view unit);

// The shortest text that reads back as the same float64, as Prometheus writes it: `0.5`, `1e+21`,
// `NaN`, `+Inf`, `-Inf`.
std::string ExactNumber(double number);
// Seconds since the epoch: `1500000000`, or with exactly three digits: `1.500`.
std::string ExactUnixSeconds(int64_t time_millis);
// RFC 3339 in UTC: `2026-11-23T06:00:00.5Z`.
std::string ExactTime(absl::Time time);

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);
absl::Duration ToDuration(const google::protobuf::Duration& duration);

}  // namespace ora::cli
