// The checks that both configuration files are made of. Each error names the field, the value seen
// and the range.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"

namespace ora::contract {

absl::Duration ToAbsl(const google::protobuf::Duration& duration);
google::protobuf::Duration ToProto(absl::Duration duration);

struct DurationRange {
  absl::Duration least;
  absl::Duration most;
};

struct NumberRange {
  uint64_t least;
  uint64_t most;
};

absl::Status CheckDuration(absl::string_view field, const google::protobuf::Duration& value,
                           const DurationRange& range);

// 0 stands for the default, so it is always in range.
absl::Status CheckNumber(absl::string_view field, uint64_t value, const NumberRange& range);

absl::Status CheckCount(absl::string_view field, size_t count, size_t most);

// Finite and more than 0.
absl::Status CheckPositive(absl::string_view field, double value);

enum class PortZero { kAllowed, kRefused };

// `HOST:PORT` or `[IPV6]:PORT`.
absl::Status CheckAddress(absl::string_view field, absl::string_view value, PortZero zero);

// `field: what`, INVALID_ARGUMENT.
absl::Status FieldError(absl::string_view field, absl::string_view what);

}  // namespace ora::contract
