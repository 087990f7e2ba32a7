#include "aggregator/http/rule_answers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "aggregator/http/envelope.h"
#include "aggregator/http/json_text.h"
#include "aggregator/promql/parser/parser.h"
#include "aggregator/promql/parser/printer.h"
#include "proto/status/status_macros.h"
#include "storage/matcher.h"

namespace ora::aggregator {
namespace {

absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

void AppendTime(absl::Time time, std::string& out) {
  absl::StrAppend(&out, "\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone()),
                  "\"");
}

// What was not evaluated yet has the time that Go's zero is.
void AppendEvaluated(absl::Time time, std::string& out) {
  if (time == absl::UnixEpoch()) {
    out += "\"0001-01-01T00:00:00Z\"";
  } else {
    AppendTime(time, out);
  }
}

void AppendSeconds(absl::Duration duration, std::string& out) {
  AppendJsonNumber(absl::ToDoubleSeconds(duration), out);
}

// As Go's %e: `1e+00`.
std::string ScientificText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[64];
  const std::to_chars_result end =
      std::to_chars(std::begin(buffer), std::end(buffer), value, std::chars_format::scientific);
  return std::string(buffer, end.ptr);
}

absl::string_view StateText(v1::AlertState state) {
  return state == v1::ALERT_STATE_PENDING ? "pending" : "firing";
}

storage::Labels LabelsWithName(const v1::Alert& alert) {
  std::vector<storage::Label> labels;
  for (const v1::Label& label : alert.labels().labels()) {
    labels.push_back({label.name(), label.value()});
  }
  labels.push_back({"alertname", alert.rule()});
  return storage::Labels(std::move(labels));
}

void AppendAlert(const v1::Alert& alert, std::string& out) {
  std::vector<storage::Label> annotations;
  for (const v1::Label& label : alert.annotations()) {
    annotations.push_back({label.name(), label.value()});
  }
  out += "{\"labels\":";
  AppendJsonLabels(LabelsWithName(alert), out);
  out += ",\"annotations\":";
  AppendJsonLabels(storage::Labels(std::move(annotations)), out);
  absl::StrAppend(&out, ",\"state\":\"", StateText(alert.state()), "\",\"activeAt\":");
  AppendTime(TimeOf(alert.pending_time()), out);
  if (alert.has_keep_firing_since_time()) {
    out += ",\"keepFiringSince\":";
    AppendTime(TimeOf(alert.keep_firing_since_time()), out);
  }
  out += ",\"value\":";
  AppendJsonText(ScientificText(alert.value()), out);
  out += '}';
}

void AppendAlerts(const std::vector<v1::Alert>& alerts, std::string& out) {
  out += '[';
  for (size_t i = 0; i < alerts.size(); ++i) {
    if (i > 0) out += ',';
    AppendAlert(alerts[i], out);
  }
  out += ']';
}

absl::string_view HealthText(RuleHealth health) {
  switch (health) {
    case RuleHealth::kGood:
      return "ok";
    case RuleHealth::kFailing:
      return "err";
    case RuleHealth::kUnknown:
      break;
  }
  return "unknown";
}

absl::string_view RuleStateText(const RuleStatus& rule) {
  absl::string_view state = "inactive";
  for (const v1::Alert& alert : rule.alerts) {
    if (alert.state() != v1::ALERT_STATE_PENDING) return "firing";
    state = "pending";
  }
  return state;
}

// As Prometheus tells a rule's expression, however it is written in its file.
std::string CanonicalText(const std::string& expression) {
  const absl::StatusOr<promql::ExprPtr> parsed = promql::ParseExpression(expression);
  return parsed.ok() ? promql::Print(**parsed) : expression;
}

enum class Alerts { kTold, kLeftOut };

void AppendRule(const RuleStatus& rule, Alerts alerts, std::string& out) {
  const bool alerting = rule.kind == RuleKind::kAlerting;
  out += '{';
  if (alerting) absl::StrAppend(&out, "\"state\":\"", RuleStateText(rule), "\",");
  out += "\"name\":";
  AppendJsonText(rule.name, out);
  out += ",\"query\":";
  AppendJsonText(CanonicalText(rule.expression), out);
  if (alerting) {
    out += ",\"duration\":";
    AppendSeconds(rule.pending_duration, out);
    out += ",\"keepFiringFor\":";
    AppendSeconds(rule.keep_firing_duration, out);
  }
  out += ",\"labels\":";
  AppendJsonLabels(rule.labels, out);
  if (alerting) {
    out += ",\"annotations\":";
    AppendJsonLabels(rule.annotations, out);
    if (alerts == Alerts::kTold) {
      out += ",\"alerts\":";
      AppendAlerts(rule.alerts, out);
    }
  }
  absl::StrAppend(&out, ",\"health\":\"", HealthText(rule.health), "\"");
  if (!rule.last_error.empty()) {
    out += ",\"lastError\":";
    AppendJsonText(rule.last_error, out);
  }
  out += ",\"evaluationTime\":";
  AppendSeconds(rule.evaluation_time, out);
  out += ",\"lastEvaluation\":";
  AppendEvaluated(rule.evaluated_at, out);
  absl::StrAppend(&out, ",\"type\":\"", alerting ? "alerting" : "recording", "\"}");
}

// Nothing was asked for, or this was.
bool IsWanted(const std::vector<std::string>& wanted, const std::string& name) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

void AppendGroup(const RuleGroupStatus& group, const std::string& rules, std::string& out) {
  out += "{\"name\":";
  AppendJsonText(group.name, out);
  out += ",\"file\":";
  AppendJsonText(group.file, out);
  absl::StrAppend(&out, ",\"rules\":[", rules, "],\"interval\":");
  AppendSeconds(group.interval, out);
  absl::StrAppend(&out, ",\"limit\":", group.limit, ",\"evaluationTime\":");
  AppendSeconds(group.evaluation_time, out);
  out += ",\"lastEvaluation\":";
  AppendEvaluated(group.evaluated_at, out);
  out += '}';
}

// Which rules a request wants, and how they are told.
struct RuleSelection {
  std::string type;
  Alerts alerts = Alerts::kTold;
  std::vector<std::string> names;
  std::vector<std::string> groups;
  std::vector<std::string> files;
  std::vector<std::vector<storage::Matcher>> selectors;  // Of the rules' labels; any of them.
  size_t groups_max = 0;                                 // 0: no limit.
  std::string next_token;

  bool Wants(const RuleStatus& rule) const {
    const bool alerting = rule.kind == RuleKind::kAlerting;
    if ((type == "alert" && !alerting) || (type == "record" && alerting)) return false;
    if (!IsWanted(names, rule.name)) return false;
    const auto fits = [&rule](const std::vector<storage::Matcher>& matchers) {
      return std::all_of(matchers.begin(), matchers.end(), [&](const storage::Matcher& matcher) {
        return matcher.Matches(rule.labels.Get(matcher.name()));
      });
    };
    return selectors.empty() || std::any_of(selectors.begin(), selectors.end(), fits);
  }
};

absl::StatusOr<RuleSelection> SelectionOf(const Parameters& parameters) {
  RuleSelection selection;
  selection.type = parameters.Get("type");
  if (!selection.type.empty() && selection.type != "alert" && selection.type != "record") {
    return InvalidParameter("type", absl::StrCat("not supported value \"", selection.type, "\""));
  }
  const std::string& exclude = parameters.Get("exclude_alerts");
  if (!exclude.empty() && exclude != "true" && exclude != "false") {
    return InvalidParameter("exclude_alerts",
                            absl::StrCat("is \"", exclude, "\"; write true or false"));
  }
  if (exclude == "true") selection.alerts = Alerts::kLeftOut;
  selection.names = parameters.All("rule_name[]");
  selection.groups = parameters.All("rule_group[]");
  selection.files = parameters.All("file[]");
  ORA_ASSIGN_OR_RETURN(selection.selectors, parameters.Selectors());
  ORA_ASSIGN_OR_RETURN(selection.groups_max, parameters.Limit("group_limit"));
  selection.next_token = parameters.Get("group_next_token");
  if (!selection.next_token.empty() && selection.groups_max == 0) {
    return InvalidParameter("group_limit",
                            "group_limit needs to be set in order to paginate over "
                            "the groups");
  }
  return selection;
}

// Names a group: where the next page begins. Prometheus's are as opaque.
std::string TokenOf(const RuleGroupStatus& group) {
  return absl::BytesToHexString(absl::StrCat(group.file, ";", group.name));
}

}  // namespace

absl::StatusOr<HttpResponse> RulesAnswer(const std::vector<RuleGroupStatus>& groups,
                                         const Parameters& parameters) {
  ORA_ASSIGN_OR_RETURN(const RuleSelection selection, SelectionOf(parameters));
  auto group = groups.begin();
  if (!selection.next_token.empty()) {
    group = std::find_if(groups.begin(), groups.end(), [&](const RuleGroupStatus& one) {
      return TokenOf(one) == selection.next_token;
    });
    if (group == groups.end()) {
      return InvalidParameter("group_next_token",
                              "invalid group_next_token: there is no such group");
    }
  }
  std::string data = "{\"groups\":[";
  std::string next_token;
  size_t written = 0;
  for (; group != groups.end(); ++group) {
    if (!IsWanted(selection.groups, group->name) || !IsWanted(selection.files, group->file)) {
      continue;
    }
    std::string rules;
    for (const RuleStatus& rule : group->rules) {
      if (!selection.Wants(rule)) continue;
      if (!rules.empty()) rules += ',';
      AppendRule(rule, selection.alerts, rules);
    }
    // A group without rules is told if it is written so; the built-in one may be switched off.
    if (rules.empty() && (!group->rules.empty() || group->file.empty())) continue;
    if (selection.groups_max > 0 && written == selection.groups_max) {
      next_token = TokenOf(*group);
      break;
    }
    if (written++ > 0) data += ',';
    AppendGroup(*group, rules, data);
  }
  data += ']';
  if (!next_token.empty()) absl::StrAppend(&data, ",\"groupNextToken\":\"", next_token, "\"");
  data += '}';
  return Success(data);
}

HttpResponse AlertsAnswer(const std::vector<RuleGroupStatus>& groups) {
  std::vector<v1::Alert> alerts;
  for (const RuleGroupStatus& group : groups) {
    for (const RuleStatus& rule : group.rules) {
      alerts.insert(alerts.end(), rule.alerts.begin(), rule.alerts.end());
    }
  }
  std::string data = "{\"alerts\":";
  AppendAlerts(alerts, data);
  data += '}';
  return Success(data);
}

}  // namespace ora::aggregator
