// The logs of the fleet, as their series tell.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "aggregator/promql/engine.h"
#include "ora/v1/log_service.pb.h"

namespace ora::aggregator {

// Evaluates PromQL at an instant: the engine, or a table in tests.
using QueryFn = std::function<absl::StatusOr<promql::InstantVector>(const std::string& expression,
                                                                    int64_t time_millis)>;

// Stateless, so thread-safe. Errors of `query` are passed on.
class LogCatalog {
 public:
  explicit LogCatalog(QueryFn query) : query_(std::move(query)) {}

  // The logs with a sample in the last 5 minutes before `time_millis`, sorted by instance and path.
  // An empty filter lets all through.
  absl::StatusOr<std::vector<v1::Log>> List(const std::string& instance,
                                            const std::string& component,
                                            int64_t time_millis) const;

  // See LogService.AnalyzeLogs. `request` is validated.
  absl::StatusOr<v1::AnalyzeLogsResponse> Analyze(const v1::AnalyzeLogsRequest& request,
                                                  int64_t time_millis) const;

 private:
  QueryFn query_;
};

}  // namespace ora::aggregator
