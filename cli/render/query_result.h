// Answers to PromQL queries, in each form.
#pragma once

#include <cstdint>
#include <string>

#include "cli/render/table.h"
#include "ora/v1/query_service.pb.h"
#include "ora/v1/series.pb.h"

namespace ora::cli {

// `up{instance="web1",job="node"}`, as PromQL writes it; `{}` where there is no label at all.
std::string SeriesText(const v1::LabelSet& labels);

// The body that Prometheus's HTTP API answers with, on one line with a line end.
std::string PrometheusJson(const v1::QueryResponse& response);
std::string PrometheusJson(const v1::QueryRangeResponse& response);
// The same for /api/v1/series: one object of labels a series, as an array.
std::string SeriesJson(const v1::ListSeriesResponse& response);

// One row a series. The frame is that of the query.
Table QueryTable(const v1::InstantVector& vector);
Table QueryTable(const google::protobuf::RepeatedPtrField<v1::SampledSeries>& matrix,
                 int64_t start_millis, int64_t end_millis);

// One line a sample; columns are the labels that occur, `timestamp` (unix seconds) and `value`.
std::string QueryCsv(const v1::QueryResponse& response);
std::string QueryCsv(const google::protobuf::RepeatedPtrField<v1::SampledSeries>& matrix);
// One line a series; columns are the labels that occur.
std::string SeriesCsv(const google::protobuf::RepeatedPtrField<v1::LabelSet>& series);

}  // namespace ora::cli
