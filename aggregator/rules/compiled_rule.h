// A rule made ready: checked, its templates parsed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregator/rules/alert_states.h"
#include "aggregator/rules/annotation_template.h"
#include "aggregator/rules/rule.h"
#include "storage/labels.h"

namespace ora::aggregator {

// Immutable once made.
struct CompiledRule {
  AlertRule rule;
  AlertTiming timing;
  std::vector<std::pair<std::string, AnnotationTemplate>> annotations;
  AnnotationTemplate recommended_action;
};

// One series of a rule's answer, as an alert.
struct Answer {
  std::string id;
  storage::Labels labels;
  double value = 0;
};

// INVALID_ARGUMENT: no name, no expression, a template that does not parse, a template as label.
absl::StatusOr<CompiledRule> Compile(const AlertRule& rule, absl::Duration resolved_retention);

// The answer's series as an alert of the rule: without `__name__`, with the rule's own labels.
Answer MakeAnswer(const CompiledRule& compiled, const EvaluatedSeries& series);

// `alert` with all that the rule says of it; its state, value and times stay.
v1::Alert Described(const CompiledRule& compiled, const Answer& answer, v1::Alert alert);

storage::Labels LabelsOf(const v1::Alert& alert);

}  // namespace ora::aggregator
