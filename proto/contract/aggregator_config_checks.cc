#include <cmath>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/contract/config_checks.h"
#include "proto/contract/config_ranges.h"
#include "proto/contract/limits.h"
#include "proto/contract/storage_config_checks.h"
#include "proto/status/status_macros.h"

namespace ora::contract {
namespace {

using config::v1::AggregatorConfig;
using config::v1::AlertConfig;

constexpr absl::Duration kDay = absl::Hours(24);

constexpr absl::string_view kStorageUriDefault = "file:///var/lib/ora/aggregator";
constexpr uint32_t kStreamsDefault = 20'000;
constexpr uint64_t kOutstandingBytesDefault = uint64_t{4} << 20;
constexpr uint32_t kSeriesPerHostDefault = 100'000;
constexpr uint32_t kHttpConnectionsDefault = 512;
constexpr uint64_t kQuerySamplesDefault = 50'000'000;
constexpr uint64_t kQuerySeriesDefault = 1'000'000;
constexpr uint64_t kQueryResultBytesDefault = uint64_t{256} << 20;
constexpr uint32_t kQueriesPerClientDefault = 8;
constexpr uint32_t kQueriesDefault = 32;

absl::Status CheckStorageUri(absl::string_view uri) {
  constexpr absl::string_view kScheme = "file:///";
  if (absl::StartsWith(uri, kScheme) && uri.size() > kScheme.size()) return absl::OkStatus();
  return FieldError("storage_uri", absl::StrCat("is `", uri, "`; write file:///DIRECTORY"));
}

absl::Status CheckIngest(const config::v1::IngestConfig& ingest) {
  ORA_RETURN_IF_ERROR(CheckNumber("ingest.streams_max", ingest.streams_max(), {1, 100'000}));
  ORA_RETURN_IF_ERROR(CheckNumber("ingest.outstanding_bytes_max", ingest.outstanding_bytes_max(),
                                  {uint64_t{64} << 10, uint64_t{64} << 20}));
  if (ingest.has_heartbeat_interval()) {
    ORA_RETURN_IF_ERROR(CheckDuration("ingest.heartbeat_interval", ingest.heartbeat_interval(),
                                      {absl::Milliseconds(100), absl::Minutes(5)}));
  }
  return CheckNumber("ingest.series_per_host_max", ingest.series_per_host_max(), {1, 10'000'000});
}

absl::Status CheckQuery(const config::v1::QueryConfig& query) {
  if (query.has_timeout()) {
    ORA_RETURN_IF_ERROR(
        CheckDuration("query.timeout", query.timeout(), {absl::Milliseconds(1), kDay}));
  }
  ORA_RETURN_IF_ERROR(CheckNumber("query.steps_max", query.steps_max(), {1, 1'000'000}));
  ORA_RETURN_IF_ERROR(CheckNumber("query.result_bytes_max", query.result_bytes_max(),
                                  {uint64_t{1} << 10, uint64_t{16} << 30}));
  ORA_RETURN_IF_ERROR(CheckNumber("query.concurrent_per_client_max",
                                  query.concurrent_per_client_max(), {1, 1'000}));
  return CheckNumber("query.concurrent_max", query.concurrent_max(), {1, 1'000});
}

absl::Status CheckThresholds(const AlertConfig& alerts) {
  if (alerts.has_growth_threshold_percent()) {
    ORA_RETURN_IF_ERROR(
        CheckPositive("alerts.growth_threshold_percent", alerts.growth_threshold_percent()));
  }
  if (alerts.has_error_rate_threshold_percent()) {
    const double percent = alerts.error_rate_threshold_percent();
    ORA_RETURN_IF_ERROR(CheckPositive("alerts.error_rate_threshold_percent", percent));
    if (percent > 100) {
      return FieldError("alerts.error_rate_threshold_percent",
                        absl::StrCat("is ", percent, "; write at most 100"));
    }
  }
  if (alerts.has_error_burst_lines()) {
    ORA_RETURN_IF_ERROR(CheckPositive("alerts.error_burst_lines", alerts.error_burst_lines()));
  }
  if (alerts.has_response_time_threshold_seconds()) {
    ORA_RETURN_IF_ERROR(CheckPositive("alerts.response_time_threshold_seconds",
                                      alerts.response_time_threshold_seconds()));
  }
  const double lines_min = alerts.error_rate_lines_min();
  if (alerts.has_error_rate_lines_min() && !(std::isfinite(lines_min) && lines_min >= 0)) {
    return FieldError("alerts.error_rate_lines_min",
                      absl::StrCat("is ", lines_min, "; write 0 or more"));
  }
  return absl::OkStatus();
}

absl::Status CheckComponents(const AlertConfig& alerts) {
  ORA_RETURN_IF_ERROR(
      CheckCount("alerts.components", alerts.components_size(), kComponentLimitsMax));
  std::set<std::string> seen;
  for (int i = 0; i < alerts.components_size(); ++i) {
    const config::v1::ComponentLimit& limit = alerts.components(i);
    const std::string field = absl::StrCat("alerts.components[", i, "].component");
    if (limit.component().empty()) {
      return FieldError(field, "is empty; name the component that the limits are for");
    }
    if (limit.component().size() > kLabelValueBytesMax) {
      return FieldError(field, absl::StrCat("has ", limit.component().size(), " bytes; at most ",
                                            kLabelValueBytesMax));
    }
    if (!seen.insert(limit.component()).second) {
      return FieldError(field, absl::StrCat("`", limit.component(), "` has limits already"));
    }
    const double cpu = limit.cpu_percent_max();
    if (!std::isfinite(cpu) || cpu < 0) {
      return FieldError(absl::StrCat("alerts.components[", i, "].cpu_percent_max"),
                        absl::StrCat("is ", cpu, "; write 0 or more"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAlerts(const AlertConfig& alerts) {
  if (alerts.has_evaluation_interval()) {
    ORA_RETURN_IF_ERROR(CheckDuration("alerts.evaluation_interval", alerts.evaluation_interval(),
                                      {absl::Milliseconds(100), absl::Hours(1)}));
  }
  if (alerts.has_monitor_interval()) {
    ORA_RETURN_IF_ERROR(CheckDuration("alerts.monitor_interval", alerts.monitor_interval(),
                                      {absl::Seconds(10), kDay}));
  }
  if (alerts.has_pending_duration()) {
    ORA_RETURN_IF_ERROR(CheckDuration("alerts.pending_duration", alerts.pending_duration(),
                                      {absl::ZeroDuration(), kDay}));
  }
  if (alerts.has_resolved_retention()) {
    ORA_RETURN_IF_ERROR(CheckDuration("alerts.resolved_retention", alerts.resolved_retention(),
                                      {absl::Minutes(1), 30 * kDay}));
  }
  ORA_RETURN_IF_ERROR(CheckThresholds(alerts));
  return CheckComponents(alerts);
}

absl::Status CheckHttp(const config::v1::HttpConfig& http) {
  if (!http.listen().empty() && http.listen() != kHttpOff) {
    ORA_RETURN_IF_ERROR(CheckAddress("http.listen", http.listen(), PortZero::kAllowed));
  }
  return CheckNumber("http.connections_max", http.connections_max(), {1, 10'000});
}

void FillAlertDefaults(AlertConfig& alerts) {
  if (!alerts.has_evaluation_interval()) {
    *alerts.mutable_evaluation_interval() = ToProto(absl::Seconds(15));
  }
  if (!alerts.has_monitor_interval()) {
    *alerts.mutable_monitor_interval() = ToProto(absl::Seconds(600));
  }
  if (!alerts.has_growth_threshold_percent()) alerts.set_growth_threshold_percent(50);
  if (!alerts.has_error_rate_threshold_percent()) alerts.set_error_rate_threshold_percent(10);
  if (!alerts.has_error_burst_lines()) alerts.set_error_burst_lines(100);
  if (!alerts.has_response_time_threshold_seconds()) alerts.set_response_time_threshold_seconds(2);
  if (!alerts.has_pending_duration()) {
    *alerts.mutable_pending_duration() = ToProto(absl::ZeroDuration());
  }
  if (!alerts.has_error_rate_lines_min()) alerts.set_error_rate_lines_min(20);
  if (!alerts.has_resolved_retention()) *alerts.mutable_resolved_retention() = ToProto(kDay);
}

}  // namespace

absl::Status Validate(const AggregatorConfig& config) {
  if (!config.listen().empty()) {
    ORA_RETURN_IF_ERROR(CheckAddress("listen", config.listen(), PortZero::kAllowed));
  }
  if (!config.storage_uri().empty()) ORA_RETURN_IF_ERROR(CheckStorageUri(config.storage_uri()));
  ORA_RETURN_IF_ERROR(CheckStorage(config.storage()));
  ORA_RETURN_IF_ERROR(CheckIngest(config.ingest()));
  ORA_RETURN_IF_ERROR(CheckAlerts(config.alerts()));
  ORA_RETURN_IF_ERROR(CheckHttp(config.http()));
  ORA_RETURN_IF_ERROR(CheckCount("rules.files", config.rules().files_size(), kRuleFilesMax));
  return CheckQuery(config.query());
}

void FillDefaults(AggregatorConfig& config) {
  if (config.listen().empty()) config.set_listen(absl::StrCat("127.0.0.1:", kDefaultPort));
  if (config.storage_uri().empty()) config.set_storage_uri(std::string(kStorageUriDefault));
  FillStorageDefaults(*config.mutable_storage());
  config::v1::IngestConfig& ingest = *config.mutable_ingest();
  if (ingest.streams_max() == 0) ingest.set_streams_max(kStreamsDefault);
  if (ingest.outstanding_bytes_max() == 0) {
    ingest.set_outstanding_bytes_max(kOutstandingBytesDefault);
  }
  if (!ingest.has_heartbeat_interval()) {
    *ingest.mutable_heartbeat_interval() = ToProto(absl::Seconds(5));
  }
  if (ingest.series_per_host_max() == 0) ingest.set_series_per_host_max(kSeriesPerHostDefault);
  FillAlertDefaults(*config.mutable_alerts());
  config::v1::QueryConfig& query = *config.mutable_query();
  if (query.samples_max() == 0) query.set_samples_max(kQuerySamplesDefault);
  if (query.series_max() == 0) query.set_series_max(kQuerySeriesDefault);
  if (query.steps_max() == 0) query.set_steps_max(kRangeStepsDefault);
  if (query.result_bytes_max() == 0) query.set_result_bytes_max(kQueryResultBytesDefault);
  if (query.concurrent_per_client_max() == 0) {
    query.set_concurrent_per_client_max(kQueriesPerClientDefault);
  }
  if (query.concurrent_max() == 0) query.set_concurrent_max(kQueriesDefault);
  if (!query.has_timeout()) *query.mutable_timeout() = ToProto(absl::Minutes(2));
  config::v1::HttpConfig& http = *config.mutable_http();
  if (http.connections_max() == 0) http.set_connections_max(kHttpConnectionsDefault);
  config.mutable_rules();  // No files.
}

}  // namespace ora::contract
