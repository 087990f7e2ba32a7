#include "aggregator/services/query_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/metrics/metric_catalog.h"
#include "aggregator/services/answers/query_answers.h"
#include "aggregator/services/messages.h"
#include "aggregator/services/paging.h"
#include "aggregator/services/series_listing.h"
#include "proto/contract/limits.h"
#include "proto/contract/request_checks.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr size_t kRangeMessageBytes = size_t{1} << 20;
// A program is told at once, and decides itself when to come again.
constexpr absl::Duration kNoWait = absl::ZeroDuration();

struct AnswerSize {
  uint64_t series = 0;
  uint64_t samples = 0;
};

AnswerSize SizeOf(const promql::Value& value) {
  if (const auto* vector = std::get_if<promql::InstantVector>(&value)) {
    return {vector->size(), vector->size()};
  }
  const auto* matrix = std::get_if<promql::Matrix>(&value);
  if (matrix == nullptr) return {1, 1};
  AnswerSize size{matrix->size(), 0};
  for (const promql::RangeSeries& series : *matrix) size.samples += series.samples.size();
  return size;
}

// Tells the tree with what each node cost, as the evaluator metered it.
void Explain(const promql::QueryResult& result, v1::QueryStatistics& statistics) {
  for (const promql::NodeCost& node : result.nodes) {
    v1::QueryNode& told = *statistics.add_nodes();
    told.set_text(node.text);
    told.set_depth(static_cast<uint32_t>(node.depth));
    told.set_series(node.series_out);
    told.set_series_selected(node.cost.series_selected);
    told.set_samples_read(node.cost.samples_read);
    *told.mutable_cpu_time() = ToProtoDuration(node.cpu);
  }
}

// What one evaluation costs, from here to Read.
class CostMeter {
 public:
  explicit CostMeter(storage::Clock& clock) : clock_(clock), wall_(clock.Monotonic()) {}

  v1::QueryStatistics Read(const promql::QueryResult& result) const {
    v1::QueryStatistics statistics;
    statistics.set_series_selected(result.cost.series_selected);
    statistics.set_samples_read(result.cost.samples_read);
    const AnswerSize size = SizeOf(result.value);
    statistics.set_series_returned(size.series);
    statistics.set_samples_returned(size.samples);
    *statistics.mutable_wall_time() = ToProtoDuration(clock_.Monotonic() - wall_);
    *statistics.mutable_cpu_time() = ToProtoDuration(result.cpu);
    Explain(result, statistics);
    return statistics;
  }

 private:
  storage::Clock& clock_;
  const absl::Duration wall_;
};

template <typename Request>
promql::QueryContext ContextOf(const Request& request, const promql::QueryLimits& limits,
                               const CallLife& life) {
  promql::QueryContext context;
  context.limits = limits;
  if (request.has_lookback()) context.lookback_millis = Millis(request.lookback());
  if (request.explain()) context.explain = promql::Explain::kYes;
  context.check_alive = [&life] { return life.Check(); };
  return context;
}

v1::MetricType ToMessage(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return v1::METRIC_TYPE_COUNTER;
    case MetricType::kGauge:
      return v1::METRIC_TYPE_GAUGE;
    case MetricType::kHistogram:
      return v1::METRIC_TYPE_HISTOGRAM;
    case MetricType::kUnknown:
      break;
  }
  return v1::METRIC_TYPE_UNSPECIFIED;
}

}  // namespace

void QueryService::AddTo(MethodTable& methods) const {
  ServiceMethods<const QueryService> service(methods, "ora.v1.QueryService", environment_, *this);
  service.AddUnary("Query", &QueryService::Query);
  service.AddUnary("ListSeries", &QueryService::ListSeries);
  service.AddUnary("ListLabelNames", &QueryService::ListLabelNames);
  service.AddUnary("ListLabelValues", &QueryService::ListLabelValues);
  service.AddUnary("ListMetadata", &QueryService::ListMetadata);
  service.AddStreaming("QueryRange", &QueryService::QueryRange);
}

absl::StatusOr<MessageBytes> QueryService::Query(const CallLife& life,
                                                 const v1::QueryRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  ORA_ASSIGN_OR_RETURN(const QuerySlots::Slot slot, slots_.Enter(life.client(), kNoWait));
  const CostMeter meter(environment_.clock);
  const int64_t time_millis =
      request.has_time() ? Millis(request.time()) : environment_.clock.NowMillis();
  ORA_ASSIGN_OR_RETURN(
      const promql::QueryResult result,
      engine_.Instant(request.expression(), time_millis, ContextOf(request, limits_, life)));
  MessageBytes answer = EncodeAnswer(result, meter.Read(result));
  if (const size_t bytes = answer.bytes.size(); bytes > contract::kResponseBytesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("query result takes ", bytes, " bytes as a message, the limit is ",
                     contract::kResponseBytesMax,
                     "; aggregate it, ask for fewer series, or use QueryRange, which streams"));
  }
  return answer;
}

absl::StatusOr<std::vector<MessageBytes>> QueryService::QueryRange(
    const CallLife& life, const v1::QueryRangeRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  ORA_ASSIGN_OR_RETURN(const QuerySlots::Slot slot, slots_.Enter(life.client(), kNoWait));
  const CostMeter meter(environment_.clock);
  const promql::QuerySteps steps = {Millis(request.start()), Millis(request.end()),
                                    Millis(request.step())};
  ORA_ASSIGN_OR_RETURN(
      promql::QueryResult result,
      engine_.Range(request.expression(), steps, ContextOf(request, limits_, life)));
  const v1::QueryStatistics statistics = meter.Read(result);
  return EncodeAnswers(std::move(result), statistics, kRangeMessageBytes);
}

absl::StatusOr<v1::ListSeriesResponse> QueryService::ListSeries(
    const CallLife& life, const v1::ListSeriesRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  ORA_ASSIGN_OR_RETURN(const QuerySlots::Slot slot, slots_.Enter(life.client(), kNoWait));
  SeriesListing listing(reader_, limits_.series_max, [&life] { return life.Check(); });
  return listing.List(request);
}

absl::StatusOr<v1::ListLabelNamesResponse> QueryService::ListLabelNames(
    const CallLife& life, const v1::ListLabelNamesRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  ORA_ASSIGN_OR_RETURN(const QuerySlots::Slot slot, slots_.Enter(life.client(), kNoWait));
  SeriesListing listing(reader_, limits_.series_max, [&life] { return life.Check(); });
  return listing.ListNames(request);
}

absl::StatusOr<v1::ListLabelValuesResponse> QueryService::ListLabelValues(
    const CallLife& life, const v1::ListLabelValuesRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  ORA_ASSIGN_OR_RETURN(const QuerySlots::Slot slot, slots_.Enter(life.client(), kNoWait));
  SeriesListing listing(reader_, limits_.series_max, [&life] { return life.Check(); });
  return listing.ListValues(request);
}

absl::StatusOr<v1::ListMetadataResponse> QueryService::ListMetadata(
    const CallLife&, const v1::ListMetadataRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  ORA_ASSIGN_OR_RETURN(const int32_t size, contract::PageSize(request.page_size()));
  ORA_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                       reader_.LabelValues(storage::kMetricNameLabel, {}));
  std::vector<MetricDescription> metrics = DescribeMetrics(names);
  if (!request.metric().empty()) {
    std::erase_if(metrics, [&](const auto& metric) { return metric.name != request.metric(); });
  }
  ORA_ASSIGN_OR_RETURN(
      const Page<MetricDescription> page,
      PageOf(std::move(metrics), static_cast<size_t>(size), request.page_token(),
             [](const MetricDescription& metric) -> const std::string& { return metric.name; }));
  v1::ListMetadataResponse response;
  for (const MetricDescription& metric : page.items) {
    v1::MetricMetadata& told = *response.add_metrics();
    told.set_name(metric.name);
    told.set_type(ToMessage(metric.type));
    told.set_help(metric.help);
    told.set_unit(metric.unit);
  }
  response.set_next_page_token(page.next_page_token);
  return response;
}

}  // namespace ora::aggregator
