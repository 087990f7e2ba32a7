#include "proto/contract/request_checks.h"

#include <algorithm>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "proto/contract/label_checks.h"
#include "proto/contract/limits.h"
#include "proto/status/status_macros.h"

namespace ora::contract {
namespace {

using google::protobuf::Duration;
using google::protobuf::Timestamp;

constexpr size_t kQuotedBytesMax = 80;
constexpr size_t kAlertIdDigits = 16;
constexpr size_t kLogSelectorBytesMax = 4'096 + kInstanceBytesMax + 1;  // HOST:PATH.
constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kNanosPerMilli = 1'000'000;
constexpr int64_t kTimestampSecondsMin = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kTimestampSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr int64_t kDurationSecondsMax = 315'576'000'000;   // What protobuf's comment promises.
constexpr int64_t kLookbackSecondsMax = 24 * 60 * 60;
constexpr int64_t kWindowSecondsMin = 10;
constexpr int64_t kWindowSecondsMax = 30 * 24 * 60 * 60;

absl::Status Invalid(absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what));
}

absl::int128 Nanos(const Duration& duration) {
  return absl::int128(duration.seconds()) * kNanosPerSecond + duration.nanos();
}

absl::int128 Nanos(const Timestamp& time) {
  return absl::int128(time.seconds()) * kNanosPerSecond + time.nanos();
}

absl::Status CheckTime(absl::string_view field, const Timestamp& time) {
  if (time.seconds() < kTimestampSecondsMin || time.seconds() > kTimestampSecondsMax ||
      time.nanos() < 0 || time.nanos() >= kNanosPerSecond) {
    return Invalid(field, absl::StrCat("is ", time.seconds(), " s and ", time.nanos(),
                                       " ns; send an instant of the years 1 to 9999"));
  }
  return absl::OkStatus();
}

absl::Status CheckDuration(absl::string_view field, const Duration& duration) {
  if (duration.seconds() > kDurationSecondsMax || duration.seconds() < -kDurationSecondsMax ||
      duration.nanos() <= -kNanosPerSecond || duration.nanos() >= kNanosPerSecond) {
    return Invalid(field, absl::StrCat("is ", duration.seconds(), " s and ", duration.nanos(),
                                       " ns; send at most ", kDurationSecondsMax, " s"));
  }
  return absl::OkStatus();
}

absl::Status CheckExpression(absl::string_view field, absl::string_view expression) {
  if (absl::StripAsciiWhitespace(expression).empty())
    return Invalid(field, "is empty; send PromQL");
  if (expression.size() > kExpressionBytesMax) {
    return Invalid(field, absl::StrCat("is ", expression.size(), " bytes; at most ",
                                       kExpressionBytesMax, " are allowed"));
  }
  return absl::OkStatus();
}

template <typename Request>
absl::Status CheckLookback(const Request& request) {
  if (!request.has_lookback()) return absl::OkStatus();
  ORA_RETURN_IF_ERROR(CheckDuration("lookback", request.lookback()));
  const absl::int128 nanos = Nanos(request.lookback());
  if (nanos < kNanosPerMilli || nanos > absl::int128(kLookbackSecondsMax) * kNanosPerSecond) {
    return Invalid("lookback", absl::StrCat("is ", request.lookback().seconds(), " s and ",
                                            request.lookback().nanos(), " ns; send 1 ms to 1 day"));
  }
  return absl::OkStatus();
}

template <typename Request>
absl::Status CheckSelectors(const Request& request) {
  if (static_cast<size_t>(request.selectors_size()) > kSelectorsMax) {
    return Invalid("selectors", absl::StrCat("has ", request.selectors_size(), "; at most ",
                                             kSelectorsMax, " are allowed"));
  }
  for (int i = 0; i < request.selectors_size(); ++i) {
    ORA_RETURN_IF_ERROR(CheckExpression(absl::StrCat("selectors[", i, "]"), request.selectors(i)));
  }
  return absl::OkStatus();
}

template <typename Request>
absl::Status CheckPageSize(const Request& request) {
  return PageSize(request.page_size()).status();
}

// A filter by host or component: empty lets all through.
absl::Status CheckFilter(absl::string_view field, absl::string_view value, size_t bytes_max) {
  if (value.size() <= bytes_max) return absl::OkStatus();
  return Invalid(field,
                 absl::StrCat("is ", value.size(), " bytes; at most ", bytes_max, " are allowed"));
}

absl::Status CheckAlertId(absl::string_view id) {
  const bool digits = std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
  });
  if (digits && id.size() <= kAlertIdDigits) return absl::OkStatus();
  return Invalid(
      "id", absl::StrCat("is `", absl::CHexEscape(id.substr(0, kQuotedBytesMax)), "`; send 1 to ",
                         kAlertIdDigits, " digits of [0-9a-f], as ListAlerts shows them"));
}

}  // namespace

absl::Status Validate(const v1::QueryRequest& request) {
  ORA_RETURN_IF_ERROR(CheckExpression("expression", request.expression()));
  if (request.has_time()) ORA_RETURN_IF_ERROR(CheckTime("time", request.time()));
  return CheckLookback(request);
}

absl::Status Validate(const v1::QueryRangeRequest& request) {
  ORA_RETURN_IF_ERROR(CheckExpression("expression", request.expression()));
  if (!request.has_start()) return Invalid("start", "is absent; send the first instant");
  if (!request.has_end()) return Invalid("end", "is absent; send the last instant");
  if (!request.has_step()) return Invalid("step", "is absent; send the time between instants");
  ORA_RETURN_IF_ERROR(CheckTime("start", request.start()));
  ORA_RETURN_IF_ERROR(CheckTime("end", request.end()));
  ORA_RETURN_IF_ERROR(CheckDuration("step", request.step()));
  const absl::int128 step = Nanos(request.step());
  if (step < kNanosPerMilli) {
    return Invalid("step", absl::StrCat("is ", request.step().seconds(), " s and ",
                                        request.step().nanos(), " ns; send at least 1 ms"));
  }
  const absl::int128 length = Nanos(request.end()) - Nanos(request.start());
  if (length < 0) {
    return Invalid("end", absl::StrCat("is ", request.end().seconds(), " s, before start at ",
                                       request.start().seconds(), " s; swap them"));
  }
  return CheckLookback(request);
}

absl::Status Validate(const v1::ListSeriesRequest& request) {
  if (request.selectors_size() == 0) {
    return Invalid("selectors", "is empty; send 1 to 16 such as up{job=\"ora\"}");
  }
  ORA_RETURN_IF_ERROR(CheckSelectors(request));
  if (request.has_start()) ORA_RETURN_IF_ERROR(CheckTime("start", request.start()));
  if (request.has_end()) ORA_RETURN_IF_ERROR(CheckTime("end", request.end()));
  if (request.has_start() && request.has_end() && Nanos(request.end()) < Nanos(request.start())) {
    return Invalid("end", absl::StrCat("is ", request.end().seconds(), " s, before start at ",
                                       request.start().seconds(), " s; swap them"));
  }
  return CheckPageSize(request);
}

absl::Status Validate(const v1::ListLabelNamesRequest& request) {
  ORA_RETURN_IF_ERROR(CheckSelectors(request));
  return CheckPageSize(request);
}

absl::Status Validate(const v1::ListLabelValuesRequest& request) {
  if (!IsLabelName(request.label())) {
    return Invalid(
        "label", absl::StrCat("is `", absl::CHexEscape(request.label().substr(0, kQuotedBytesMax)),
                              "`; send a label's name, [a-zA-Z_][a-zA-Z0-9_]*"));
  }
  ORA_RETURN_IF_ERROR(CheckSelectors(request));
  return CheckPageSize(request);
}

absl::Status Validate(const v1::ListMetadataRequest& request) { return CheckPageSize(request); }

absl::Status Validate(const v1::ListHostsRequest& request) {
  if (!v1::HostState_IsValid(request.state())) {
    return Invalid("state", absl::StrCat("is ", static_cast<int>(request.state()),
                                         "; send a value of HostState"));
  }
  return CheckPageSize(request);
}

absl::Status Validate(const v1::GetHostRequest& request) {
  return CheckInstance("instance", request.instance());
}

absl::Status Validate(const v1::ListLogsRequest& request) {
  ORA_RETURN_IF_ERROR(CheckFilter("instance", request.instance(), kInstanceBytesMax));
  ORA_RETURN_IF_ERROR(CheckFilter("component", request.component(), kLabelValueBytesMax));
  return CheckPageSize(request);
}

absl::Status Validate(const v1::AnalyzeLogsRequest& request) {
  ORA_RETURN_IF_ERROR(CheckFilter("log", request.log(), kLogSelectorBytesMax));
  if (request.has_window()) {
    ORA_RETURN_IF_ERROR(CheckDuration("window", request.window()));
    const absl::int128 nanos = Nanos(request.window());
    if (nanos < absl::int128(kWindowSecondsMin) * kNanosPerSecond ||
        nanos > absl::int128(kWindowSecondsMax) * kNanosPerSecond) {
      return Invalid("window", absl::StrCat("is ", request.window().seconds(), " s and ",
                                            request.window().nanos(), " ns; send 10 s to 30 days"));
    }
  }
  if (request.log_count_max() < 0) {
    return Invalid("log_count_max",
                   absl::StrCat("is ", request.log_count_max(), "; send 0 to ", kAnalysesMax));
  }
  return absl::OkStatus();
}

absl::Status Validate(const v1::ListAlertsRequest& request) {
  for (int i = 0; i < request.states_size(); ++i) {
    if (!v1::AlertState_IsValid(request.states(i)) ||
        request.states(i) == v1::ALERT_STATE_UNSPECIFIED) {
      return Invalid(absl::StrCat("states[", i, "]"),
                     absl::StrCat("is ", request.states(i), "; send a state of AlertState"));
    }
  }
  ORA_RETURN_IF_ERROR(CheckFilter("instance", request.instance(), kInstanceBytesMax));
  ORA_RETURN_IF_ERROR(CheckFilter("component", request.component(), kLabelValueBytesMax));
  return CheckPageSize(request);
}

absl::Status Validate(const v1::GetAlertRequest& request) {
  if (request.id().empty()) return Invalid("id", "is empty; send an alert's id, or a prefix of it");
  return CheckAlertId(request.id());
}

absl::Status Validate(const v1::GetAlertReportRequest& request) {
  return CheckAlertId(request.id());
}

absl::Status Validate(const v1::CreateSnapshotRequest& request) {
  const std::string& name = request.name();
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
  if (plain && !name.empty() && name.size() <= kSnapshotNameBytesMax) return absl::OkStatus();
  return Invalid("name", absl::StrCat("is `", absl::CHexEscape(name.substr(0, kQuotedBytesMax)),
                                      "`; send 1 to ", kSnapshotNameBytesMax,
                                      " characters of "
                                      "[a-zA-Z0-9_-]"));
}

absl::Status Validate(const v1::GetCardinalityRequest& request) {
  if (request.top() <= kCardinalityTopMax) return absl::OkStatus();
  return Invalid("top", absl::StrCat("is ", request.top(), "; send 0 to ", kCardinalityTopMax));
}

absl::Status Validate(const v1::DeleteSeriesRequest& request) {
  return CheckExpression("selector", request.selector());
}

absl::StatusOr<int32_t> PageSize(int32_t requested) {
  if (requested < 0) {
    return Invalid("page_size", absl::StrCat("is ", requested, "; send 0 to ", kPageSizeMax));
  }
  if (requested == 0) return kPageSizeDefault;
  return std::min(requested, kPageSizeMax);
}

}  // namespace ora::contract
