#include "proto/contract/config_ranges.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ora::contract {
namespace {

constexpr int kPortMax = 65'535;

}  // namespace

absl::Duration ToAbsl(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

absl::Status FieldError(absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what));
}

absl::Status CheckDuration(absl::string_view field, const google::protobuf::Duration& value,
                           const DurationRange& range) {
  const absl::Duration seen = ToAbsl(value);
  if (seen >= range.least && seen <= range.most) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is ", absl::FormatDuration(seen), "; write ",
                                        absl::FormatDuration(range.least), " to ",
                                        absl::FormatDuration(range.most)));
}

absl::Status CheckNumber(absl::string_view field, uint64_t value, const NumberRange& range) {
  if (value == 0 || (value >= range.least && value <= range.most)) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is ", value, "; write ", range.least, " to ", range.most));
}

absl::Status CheckCount(absl::string_view field, size_t count, size_t most) {
  if (count <= most) return absl::OkStatus();
  return FieldError(field, absl::StrCat("has ", count, " entries; at most ", most));
}

absl::Status CheckPositive(absl::string_view field, double value) {
  if (std::isfinite(value) && value > 0) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is ", value, "; write a number above 0"));
}

absl::Status CheckAddress(absl::string_view field, absl::string_view value, PortZero zero) {
  const size_t colon = value.rfind(':');
  const absl::string_view host = value.substr(0, colon);
  const bool bracketed = absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  int port = 0;
  const bool parts = colon != absl::string_view::npos && !host.empty() &&
                     (bracketed || !absl::StrContains(host, ":")) &&
                     host.find_first_of(" \t\r\n/") == absl::string_view::npos &&
                     absl::SimpleAtoi(value.substr(colon + 1), &port);
  const int least = zero == PortZero::kAllowed ? 0 : 1;
  if (parts && port >= least && port <= kPortMax) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is `", value, "`; write HOST:PORT with a port of ", least,
                                        " to ", kPortMax));
}

}  // namespace ora::contract
