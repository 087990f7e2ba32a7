// Validate() for each request of the API: the comments of proto/ora/v1 as code.
//
// Each returns INVALID_ARGUMENT that names the field, the value seen and the limit, such as
// `expression: is empty; send PromQL`. What only the server can know (a name that does not exist,
// an expression that does not parse) is not checked here.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ora/v1/admin_service.pb.h"
#include "ora/v1/alert_service.pb.h"
#include "ora/v1/fleet_service.pb.h"
#include "ora/v1/ingest_service.pb.h"
#include "ora/v1/log_service.pb.h"
#include "ora/v1/query_service.pb.h"
#include "ora/v1/rule_service.pb.h"
#include "ora/v1/series.pb.h"

namespace ora::contract {

absl::Status Validate(const v1::LabelSet& labels);
absl::Status Validate(const v1::Hello& hello);
// `instance` is the one that the stream's hello named.
absl::Status Validate(const v1::SeriesDefinitions& definitions, absl::string_view instance);
absl::Status Validate(const v1::Batch& batch);
// Their number alone: each batch is checked when its turn comes.
absl::Status Validate(const v1::Batches& batches);
absl::Status Validate(const v1::QueryRequest& request);
absl::Status Validate(const v1::QueryRangeRequest& request);
absl::Status Validate(const v1::ListSeriesRequest& request);
absl::Status Validate(const v1::ListLabelNamesRequest& request);
absl::Status Validate(const v1::ListLabelValuesRequest& request);
absl::Status Validate(const v1::ListMetadataRequest& request);
absl::Status Validate(const v1::ListHostsRequest& request);
absl::Status Validate(const v1::GetHostRequest& request);
absl::Status Validate(const v1::ListLogsRequest& request);
absl::Status Validate(const v1::AnalyzeLogsRequest& request);
absl::Status Validate(const v1::ListAlertsRequest& request);
absl::Status Validate(const v1::GetAlertRequest& request);
absl::Status Validate(const v1::GetAlertReportRequest& request);
absl::Status Validate(const v1::ListRulesRequest& request);
absl::Status Validate(const v1::CheckRulesRequest& request);
absl::Status Validate(const v1::TestRulesRequest& request);
absl::Status Validate(const v1::CreateSnapshotRequest& request);
absl::Status Validate(const v1::GetCardinalityRequest& request);
absl::Status Validate(const v1::DeleteSeriesRequest& request);

// The page size to use for what a request says. INVALID_ARGUMENT: it is negative.
absl::StatusOr<int32_t> PageSize(int32_t requested);

}  // namespace ora::contract
