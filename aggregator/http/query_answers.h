// `query` and `query_range` of Prometheus's API.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "aggregator/admission/query_slots.h"
#include "aggregator/http/http_server.h"
#include "aggregator/http/parameters.h"
#include "aggregator/promql/engine.h"
#include "storage/env/clock.h"

namespace ora::aggregator {

// What queries are asked of; the references outlive the answers.
struct QuerySources {
  promql::Engine& engine;
  storage::Clock& clock;
  QuerySlots& slots;
  promql::QueryLimits limits;
  absl::Duration timeout;  // A request may ask for less.
  // How long a request waits while as many queries run as may: panels of a dashboard come together.
  absl::Duration slot_wait = absl::Seconds(5);
};

// For one request. Errors are those of envelope.h's Failure.
class QueryAnswers {
 public:
  QueryAnswers(const QuerySources& sources, const Parameters& parameters,
               const ConnectedFn& connected)
      : sources_(sources), parameters_(parameters), connected_(connected) {}

  absl::StatusOr<HttpResponse> Instant() const;
  absl::StatusOr<HttpResponse> Range() const;
  // There are none; what asks for them, as dashboards do by themselves, is checked.
  absl::StatusOr<HttpResponse> Exemplars() const;

 private:
  enum class Form { kInstant, kRange };
  absl::Status CheckExpression(Form form) const;
  absl::StatusOr<promql::QuerySteps> Steps() const;
  absl::StatusOr<promql::QueryContext> Context() const;
  absl::StatusOr<HttpResponse> Render(promql::QueryResult result, absl::Duration start) const;

  const QuerySources& sources_;
  const Parameters& parameters_;
  const ConnectedFn& connected_;
};

// An alive function that says so when `timeout` from now has passed, or when `connected` does.
std::function<absl::Status()> AliveFor(absl::Duration timeout, storage::Clock& clock,
                                       const ConnectedFn& connected);

}  // namespace ora::aggregator
