// An alert rule, and what its evaluation needs of the rest.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "ora/v1/alert_service.pb.h"
#include "storage/labels.h"

namespace ora::aggregator {

// A condition, and what to say when it holds. Prometheus's alerting rule, with Ora's additions.
struct AlertRule {
  std::string name;                     // Prometheus's `alert`.
  std::string expression;               // PromQL; each series of its answer is an alert.
  absl::Duration pending_duration;      // Prometheus's `for`.
  absl::Duration keep_firing_duration;  // Prometheus's `keep_firing_for`.
  storage::Labels labels;
  storage::Labels annotations;  // Templates, see annotation_template.h.
  v1::AlertType type = v1::ALERT_TYPE_UNSPECIFIED;
  v1::Severity severity = v1::SEVERITY_UNSPECIFIED;
  absl::optional<double> threshold;
  std::string unit;
  std::string recommended_action;  // A template too.
};

// An expression whose answer is stored as series of their own. Prometheus's recording rule.
struct RecordingRule {
  std::string name;          // Of the metric; Prometheus's `record`.
  std::string expression;    // PromQL.
  storage::Labels labels;    // Set on each series of the answer; an empty value is none.
  size_t alerts_before = 0;  // Its place: after so many of its group's alerting rules.
};

// One series of an expression's answer.
struct EvaluatedSeries {
  storage::Labels labels;
  double value = 0;
};

struct Evaluation {
  std::vector<EvaluatedSeries> series;
  bool partial = false;  // Something was missing: neither fires nor resolves anything.
};

// Evaluates PromQL at an instant. Any error leaves the rule's alerts as they are.
using EvaluateFn =
    std::function<absl::StatusOr<Evaluation>(const std::string& expression, int64_t time_millis)>;

// Stores `series` at an instant. Those that the last call of the same `source` had, and this one
// has not, end: they get a staleness marker. Blocks until it is durable.
using RecordFn = std::function<absl::Status(
    const std::string& source, const std::vector<EvaluatedSeries>& series, int64_t time_millis)>;

enum class Liveness { kLive, kSilent, kUnheardOf };

// Whether the host with that `instance` is heard now.
using LivenessFn = std::function<Liveness(const std::string& instance)>;

// Called after the change is durable, on the evaluating thread; must not block.
using AlertChangedFn = std::function<void(const v1::Alert&)>;

}  // namespace ora::aggregator
