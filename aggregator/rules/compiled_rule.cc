#include "aggregator/rules/compiled_rule.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "aggregator/rules/alert_records.h"
#include "proto/status/annotate.h"

namespace ora::aggregator {

absl::StatusOr<CompiledRule> Compile(const AlertRule& rule, absl::Duration resolved_retention) {
  if (rule.name.empty() || rule.expression.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("rule `", rule.name, "` needs a name and an expression"));
  }
  CompiledRule compiled;
  compiled.rule = rule;
  compiled.timing.pending = rule.pending_duration;
  compiled.timing.keep_firing = rule.keep_firing_duration;
  compiled.timing.resolved_retention = resolved_retention;
  compiled.timing.when_silent =
      rule.type == v1::ALERT_TYPE_AVAILABILITY ? WhenSilent::kJudge : WhenSilent::kHold;
  const std::string context = absl::StrCat("rule ", rule.name);
  for (const storage::Label& label : rule.labels) {
    if (!absl::StrContains(label.value, "{{")) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(context, ": label ", label.name, " is a template; write plain text"));
  }
  for (const storage::Label& annotation : rule.annotations) {
    absl::StatusOr<AnnotationTemplate> parsed = AnnotationTemplate::Parse(annotation.value);
    if (!parsed.ok()) {
      return Annotate(parsed.status(), absl::StrCat(context, ": annotation ", annotation.name));
    }
    compiled.annotations.emplace_back(annotation.name, *std::move(parsed));
  }
  absl::StatusOr<AnnotationTemplate> action = AnnotationTemplate::Parse(rule.recommended_action);
  if (!action.ok()) return Annotate(action.status(), absl::StrCat(context, ": recommended action"));
  compiled.recommended_action = *std::move(action);
  return compiled;
}

Answer MakeAnswer(const CompiledRule& compiled, const EvaluatedSeries& series) {
  const AlertRule& rule = compiled.rule;
  Answer answer;
  answer.labels = series.labels;
  answer.labels.Remove(storage::kMetricNameLabel);
  for (const storage::Label& label : rule.labels) answer.labels.Set(label.name, label.value);
  answer.id = AlertId(rule.name, answer.labels);
  answer.value = series.value;
  return answer;
}

v1::Alert Described(const CompiledRule& compiled, const Answer& answer, v1::Alert alert) {
  const AlertRule& rule = compiled.rule;
  alert.set_id(answer.id);
  alert.set_rule(rule.name);
  alert.set_type(rule.type);
  alert.set_severity(rule.severity);
  alert.set_unit(rule.unit);
  alert.set_expression(rule.expression);
  alert.clear_threshold();
  if (rule.threshold.has_value()) alert.set_threshold(*rule.threshold);
  alert.set_recommended_action(compiled.recommended_action.Fill(answer.labels, answer.value));
  alert.clear_labels();
  for (const storage::Label& label : answer.labels) {
    v1::Label& added = *alert.mutable_labels()->add_labels();
    added.set_name(label.name);
    added.set_value(label.value);
  }
  alert.clear_annotations();
  for (const auto& [name, text] : compiled.annotations) {
    v1::Label& added = *alert.add_annotations();
    added.set_name(name);
    added.set_value(text.Fill(answer.labels, answer.value));
  }
  return alert;
}

storage::Labels LabelsOf(const v1::Alert& alert) {
  std::vector<storage::Label> labels;
  for (const v1::Label& label : alert.labels().labels()) {
    labels.push_back({label.name(), label.value()});
  }
  return storage::Labels(std::move(labels));
}

}  // namespace ora::aggregator
