#include "aggregator/services/log_service.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/services/paging.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {

LogCatalog LogService::CatalogFor(const CallLife& life) const {
  return LogCatalog([this, &life](const std::string& expression,
                                  int64_t time_millis) -> absl::StatusOr<promql::InstantVector> {
    promql::QueryContext context;
    context.limits = limits_;
    context.check_alive = [&life] { return life.Check(); };
    ORA_ASSIGN_OR_RETURN(promql::QueryResult result,
                         engine_.Instant(expression, time_millis, context));
    if (auto* vector = std::get_if<promql::InstantVector>(&result.value)) return *std::move(vector);
    return absl::InternalError(absl::StrCat("`", expression, "` is no instant vector"));
  });
}

void LogService::AddTo(MethodTable& methods) const {
  ServiceMethods<const LogService> service(methods, "ora.v1.LogService", environment_, *this);
  service.AddUnary("ListLogs", &LogService::ListLogs);
  service.AddUnary("AnalyzeLogs", &LogService::AnalyzeLogs);
}

absl::StatusOr<v1::ListLogsResponse> LogService::ListLogs(
    const CallLife& life, const v1::ListLogsRequest& request) const {
  v1::ListLogsResponse response;
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  ORA_ASSIGN_OR_RETURN(const QuerySlots::Slot slot,
                       slots_.Enter(life.client(), absl::ZeroDuration()));
  ORA_ASSIGN_OR_RETURN(std::vector<v1::Log> logs,
                       CatalogFor(life).List(request.instance(), request.component(),
                                             environment_.clock.NowMillis()));
  ORA_ASSIGN_OR_RETURN(const int32_t page_size, contract::PageSize(request.page_size()));
  // A zero byte is in no instance, so keys sort as instance, then path.
  const auto key = [](const v1::Log& log) {
    return absl::StrCat(log.instance(), std::string(1, '\0'), log.path());
  };
  ORA_ASSIGN_OR_RETURN(Page<v1::Log> page, PageOf(std::move(logs), static_cast<size_t>(page_size),
                                                  request.page_token(), key));
  for (v1::Log& log : page.items) *response.add_logs() = std::move(log);
  response.set_next_page_token(page.next_page_token);
  return response;
}

absl::StatusOr<v1::AnalyzeLogsResponse> LogService::AnalyzeLogs(
    const CallLife& life, const v1::AnalyzeLogsRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  ORA_ASSIGN_OR_RETURN(const QuerySlots::Slot slot,
                       slots_.Enter(life.client(), absl::ZeroDuration()));
  return CatalogFor(life).Analyze(request, environment_.clock.NowMillis());
}

}  // namespace ora::aggregator
