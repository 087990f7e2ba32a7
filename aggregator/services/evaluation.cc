#include "aggregator/services/evaluation.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr absl::string_view kPartialPrefix = "partial:";

absl::StatusOr<Evaluation> ToEvaluation(promql::QueryResult result) {
  Evaluation evaluation;
  for (const std::string& warning : result.warnings) {
    if (absl::StartsWith(warning, kPartialPrefix)) evaluation.partial = true;
  }
  if (auto* vector = std::get_if<promql::InstantVector>(&result.value)) {
    for (promql::InstantSample& sample : *vector) {
      evaluation.series.push_back({std::move(sample.labels), sample.value});
    }
  } else if (const auto* scalar = std::get_if<promql::ScalarValue>(&result.value)) {
    evaluation.series.push_back({storage::Labels(), scalar->value});
  } else {
    return absl::InvalidArgumentError(
        "rule: its expression is neither an instant vector nor a "
        "scalar");
  }
  return evaluation;
}

}  // namespace

EvaluateFn EvaluateOn(promql::Engine& engine, const promql::QueryLimits& limits,
                      absl::Duration timeout, storage::Clock& clock) {
  return [&engine, &clock, limits, timeout](const std::string& expression,
                                            int64_t time_millis) -> absl::StatusOr<Evaluation> {
    promql::QueryContext context;
    context.limits = limits;
    const absl::Duration end = clock.Monotonic() + timeout;
    context.check_alive = [&clock, end, timeout] {
      if (clock.Monotonic() < end) return absl::OkStatus();
      return absl::DeadlineExceededError(
          absl::StrCat("rule: took longer than ", absl::FormatDuration(timeout)));
    };
    ORA_ASSIGN_OR_RETURN(promql::QueryResult result,
                         engine.Instant(expression, time_millis, context));
    return ToEvaluation(std::move(result));
  };
}

LivenessFn LivenessOf(const Fleet& fleet) {
  return [&fleet](const std::string& instance) {
    const absl::StatusOr<v1::Host> host = fleet.Find(instance);
    if (!host.ok()) return Liveness::kUnheardOf;
    return host->state() == v1::HOST_STATE_LIVE ? Liveness::kLive : Liveness::kSilent;
  };
}

}  // namespace ora::aggregator
