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
  std::vector<std::pair<std::string, AnnotationTemplate>> labels;
  std::vector<std::pair<std::string, AnnotationTemplate>> annotations;
  AnnotationTemplate recommended_action;
};

// One series of a rule's answer, as an alert.
struct Answer {
  std::string id;
  storage::Labels labels;
  double value = 0;
  storage::Labels annotations;  // Filled in.
  std::string recommended_action;
};

// INVALID_ARGUMENT: no name, no expression, a template that does not parse.
absl::StatusOr<CompiledRule> Compile(const AlertRule& rule, absl::Duration resolved_retention);

// The answer's series as an alert of the rule: without `__name__`, with the rule's own labels,
// templates filled in from the series. `scope`: what templates know besides.
Answer MakeAnswer(const CompiledRule& compiled, const EvaluatedSeries& series, TemplateScope scope);

// Whether an alert with these labels may be the rule's: they hold the rule's own, as far as these
// are no templates.
bool BearsLabelsOf(const CompiledRule& compiled, const storage::Labels& labels);

// `alert` with all that the rule says of it; its state, value and times stay.
v1::Alert Described(const CompiledRule& compiled, const Answer& answer, v1::Alert alert);

storage::Labels LabelsOf(const v1::Alert& alert);

}  // namespace ora::aggregator
