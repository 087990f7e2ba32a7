#include "aggregator/rules/compiled_rule.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "aggregator/rules/alert_records.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

using Templates = std::vector<std::pair<std::string, AnnotationTemplate>>;

absl::StatusOr<Templates> ParseAll(const storage::Labels& texts, const std::string& context) {
  Templates templates;
  for (const storage::LabelView text : texts) {
    absl::StatusOr<AnnotationTemplate> parsed = AnnotationTemplate::Parse(text.value);
    if (!parsed.ok()) return Annotate(parsed.status(), absl::StrCat(context, text.name));
    templates.emplace_back(text.name, *std::move(parsed));
  }
  return templates;
}

}  // namespace

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
  ORA_ASSIGN_OR_RETURN(compiled.labels, ParseAll(rule.labels, absl::StrCat(context, ": label ")));
  ORA_ASSIGN_OR_RETURN(compiled.annotations,
                       ParseAll(rule.annotations, absl::StrCat(context, ": annotation ")));
  absl::StatusOr<AnnotationTemplate> action = AnnotationTemplate::Parse(rule.recommended_action);
  if (!action.ok()) return Annotate(action.status(), absl::StrCat(context, ": recommended action"));
  compiled.recommended_action = *std::move(action);
  return compiled;
}

Answer MakeAnswer(const CompiledRule& compiled, const EvaluatedSeries& series,
                  TemplateScope scope) {
  scope.labels = series.labels;
  scope.value = series.value;
  Answer answer;
  answer.labels = series.labels;
  answer.labels.Remove(storage::kMetricNameLabel);
  for (const auto& [name, text] : compiled.labels) answer.labels.Set(name, text.Fill(scope));
  answer.id = AlertId(compiled.rule.name, answer.labels);
  answer.value = series.value;
  for (const auto& [name, text] : compiled.annotations) {
    answer.annotations.Set(name, text.Fill(scope));
  }
  answer.recommended_action = compiled.recommended_action.Fill(scope);
  return answer;
}

bool BearsLabelsOf(const CompiledRule& compiled, const storage::Labels& labels) {
  return std::all_of(compiled.rule.labels.begin(), compiled.rule.labels.end(),
                     [&labels](const storage::LabelView& label) {
                       return absl::StrContains(label.value, "{{") ||
                              labels.Get(label.name) == label.value;
                     });
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
  alert.set_recommended_action(answer.recommended_action);
  alert.clear_labels();
  for (const storage::LabelView label : answer.labels) {
    v1::Label& added = *alert.mutable_labels()->add_labels();
    added.set_name(label.name.data(), label.name.size());
    added.set_value(label.value.data(), label.value.size());
  }
  alert.clear_annotations();
  for (const storage::LabelView annotation : answer.annotations) {
    v1::Label& added = *alert.add_annotations();
    added.set_name(annotation.name.data(), annotation.name.size());
    added.set_value(annotation.value.data(), annotation.value.size());
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
