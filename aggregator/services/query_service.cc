#include "aggregator/services/query_service.h"

#include <ctime>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/services/messages.h"
#include "aggregator/services/paging.h"
#include "aggregator/services/series_listing.h"
#include "proto/contract/request_checks.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr size_t kRangeMessageBytes = size_t{1} << 20;

google::protobuf::Duration ToDuration(absl::Duration duration) {
  google::protobuf::Duration message;
  message.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return message;
}

// The processor's meter of this thread, which no clock of ours stands for.
absl::Duration ThreadCpu() {
  timespec used = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return absl::DurationFromTimespec(used);
}

// What one evaluation costs, from here to Fill.
class CostMeter {
 public:
  explicit CostMeter(storage::Clock& clock)
      : clock_(clock), wall_(clock.Monotonic()), cpu_(ThreadCpu()) {}

  v1::QueryStatistics Read(const promql::QueryCost& cost) const {
    v1::QueryStatistics statistics;
    statistics.set_series_selected(cost.series_selected);
    statistics.set_samples_read(cost.samples_read);
    *statistics.mutable_wall_time() = ToDuration(clock_.Monotonic() - wall_);
    *statistics.mutable_cpu_time() = ToDuration(ThreadCpu() - cpu_);
    return statistics;
  }

 private:
  storage::Clock& clock_;
  const absl::Duration wall_;
  const absl::Duration cpu_;
};

template <typename Request>
promql::QueryContext ContextOf(const Request& request, const promql::QueryLimits& limits,
                               const CallLife& life) {
  promql::QueryContext context;
  context.limits = limits;
  if (request.has_lookback()) context.lookback_millis = Millis(request.lookback());
  context.check_alive = [&life] { return life.Check(); };
  return context;
}

}  // namespace

void QueryService::AddTo(MethodTable& methods) const {
  ServiceMethods<const QueryService> service(methods, "ora.v1.QueryService", environment_, *this);
  service.AddUnary("Query", &QueryService::Query);
  service.AddUnary("ListSeries", &QueryService::ListSeries);
  service.AddUnary("ListLabelNames", &QueryService::ListLabelNames);
  service.AddUnary("ListLabelValues", &QueryService::ListLabelValues);
  service.AddStreaming("QueryRange", &QueryService::QueryRange);
}

absl::StatusOr<v1::QueryResponse> QueryService::Query(const CallLife& life,
                                                      const v1::QueryRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  const CostMeter meter(environment_.clock);
  const int64_t time_millis =
      request.has_time() ? Millis(request.time()) : environment_.clock.NowMillis();
  ORA_ASSIGN_OR_RETURN(
      const promql::QueryResult result,
      engine_.Instant(request.expression(), time_millis, ContextOf(request, limits_, life)));
  v1::QueryResponse response = ToMessage(result);
  *response.mutable_statistics() = meter.Read(result.cost);
  return response;
}

absl::StatusOr<std::vector<v1::QueryRangeResponse>> QueryService::QueryRange(
    const CallLife& life, const v1::QueryRangeRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  const CostMeter meter(environment_.clock);
  const promql::QuerySteps steps = {Millis(request.start()), Millis(request.end()),
                                    Millis(request.step())};
  ORA_ASSIGN_OR_RETURN(
      promql::QueryResult result,
      engine_.Range(request.expression(), steps, ContextOf(request, limits_, life)));
  const v1::QueryStatistics statistics = meter.Read(result.cost);
  std::vector<v1::QueryRangeResponse> messages = ToMessages(std::move(result), kRangeMessageBytes);
  *messages.back().mutable_statistics() = statistics;
  return messages;
}

absl::StatusOr<v1::ListSeriesResponse> QueryService::ListSeries(
    const CallLife& life, const v1::ListSeriesRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  SeriesListing listing(reader_, limits_.series_max, [&life] { return life.Check(); });
  return listing.List(request);
}

absl::StatusOr<v1::ListLabelNamesResponse> QueryService::ListLabelNames(
    const CallLife& life, const v1::ListLabelNamesRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  SeriesListing listing(reader_, limits_.series_max, [&life] { return life.Check(); });
  return listing.ListNames(request);
}

absl::StatusOr<v1::ListLabelValuesResponse> QueryService::ListLabelValues(
    const CallLife& life, const v1::ListLabelValuesRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  SeriesListing listing(reader_, limits_.series_max, [&life] { return life.Check(); });
  return listing.ListValues(request);
}

}  // namespace ora::aggregator
