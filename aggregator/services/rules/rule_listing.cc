#include "aggregator/services/rules/rule_listing.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "aggregator/services/messages.h"
#include "aggregator/services/paging.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

// A rule, and its place among all: no name holds a zero byte, so keys sort as file, group, place.
struct PlacedRule {
  std::string key;
  v1::Rule rule;
};

v1::RuleHealth HealthMessage(RuleHealth health) {
  switch (health) {
    case RuleHealth::kGood:
      return v1::RULE_HEALTH_GOOD;
    case RuleHealth::kFailing:
      return v1::RULE_HEALTH_FAILING;
    case RuleHealth::kUnknown:
      break;
  }
  return v1::RULE_HEALTH_UNSPECIFIED;
}

void SetAlerts(const std::vector<v1::Alert>& alerts, v1::Rule& rule) {
  v1::RuleState worst = v1::RULE_STATE_INACTIVE;
  for (const v1::Alert& alert : alerts) {
    switch (alert.state()) {
      case v1::ALERT_STATE_PENDING:
        rule.set_alerts_pending(rule.alerts_pending() + 1);
        worst = std::max(worst, v1::RULE_STATE_PENDING);
        break;
      case v1::ALERT_STATE_UNKNOWN:
        rule.set_alerts_unknown(rule.alerts_unknown() + 1);
        worst = std::max(worst, v1::RULE_STATE_UNKNOWN);
        break;
      case v1::ALERT_STATE_FIRING:
        rule.set_alerts_firing(rule.alerts_firing() + 1);
        worst = v1::RULE_STATE_FIRING;
        break;
      default:
        break;
    }
  }
  rule.set_state(worst);
}

v1::Rule RuleMessage(const RuleGroupStatus& group, const RuleStatus& status) {
  v1::Rule rule;
  rule.set_name(status.name);
  rule.set_group(group.name);
  rule.set_file(group.file);
  rule.set_expression(status.expression);
  rule.set_health(HealthMessage(status.health));
  rule.set_last_error(status.last_error);
  if (status.health != RuleHealth::kUnknown) {
    *rule.mutable_evaluation_time() = ToProtoTime(status.evaluated_at);
    *rule.mutable_evaluation_duration() = ToProtoDuration(status.evaluation_time);
  }
  *rule.mutable_interval() = ToProtoDuration(group.interval);
  *rule.mutable_labels() = ToMessage(status.labels);
  for (const storage::LabelView label : status.annotations) {
    v1::Label& annotation = *rule.add_annotations();
    annotation.set_name(label.name.data(), label.name.size());
    annotation.set_value(label.value.data(), label.value.size());
  }
  if (status.kind == RuleKind::kRecording) {
    rule.set_kind(v1::RULE_KIND_RECORDING);
    return rule;
  }
  rule.set_kind(v1::RULE_KIND_ALERTING);
  *rule.mutable_pending_duration() = ToProtoDuration(status.pending_duration);
  *rule.mutable_keep_firing_duration() = ToProtoDuration(status.keep_firing_duration);
  SetAlerts(status.alerts, rule);
  return rule;
}

}  // namespace

absl::StatusOr<v1::ListRulesResponse> SelectRules(const std::vector<RuleGroupStatus>& groups,
                                                  const v1::ListRulesRequest& request) {
  const std::string end(1, '\0');
  std::vector<PlacedRule> rules;
  for (const RuleGroupStatus& group : groups) {
    if (!request.group().empty() && request.group() != group.name) continue;
    for (size_t place = 0; place < group.rules.size(); ++place) {
      v1::Rule rule = RuleMessage(group, group.rules[place]);
      if (request.kind() != v1::RULE_KIND_UNSPECIFIED && request.kind() != rule.kind()) continue;
      rules.push_back(
          {absl::StrCat(group.file, end, group.name, end, absl::StrFormat("%06d", place)),
           std::move(rule)});
    }
  }
  std::sort(rules.begin(), rules.end(),
            [](const PlacedRule& a, const PlacedRule& b) { return a.key < b.key; });
  ORA_ASSIGN_OR_RETURN(const int32_t size, contract::PageSize(request.page_size()));
  ORA_ASSIGN_OR_RETURN(
      Page<PlacedRule> page,
      PageOf(std::move(rules), static_cast<size_t>(size), request.page_token(),
             [](const PlacedRule& rule) -> const std::string& { return rule.key; }));
  v1::ListRulesResponse response;
  for (PlacedRule& placed : page.items) *response.add_rules() = std::move(placed.rule);
  response.set_next_page_token(page.next_page_token);
  return response;
}

}  // namespace ora::aggregator
