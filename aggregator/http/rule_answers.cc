#include "aggregator/http/rule_answers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "aggregator/http/envelope.h"
#include "aggregator/http/json_text.h"

namespace ora::aggregator {
namespace {

absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

void AppendTime(absl::Time time, std::string& out) {
  absl::StrAppend(&out, "\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone()),
                  "\"");
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

enum class Alerts { kTold, kLeftOut };

void AppendRule(const RuleStatus& rule, Alerts alerts, std::string& out) {
  const bool alerting = rule.kind == RuleKind::kAlerting;
  out += '{';
  if (alerting) absl::StrAppend(&out, "\"state\":\"", RuleStateText(rule), "\",");
  out += "\"name\":";
  AppendJsonText(rule.name, out);
  out += ",\"query\":";
  AppendJsonText(rule.expression, out);
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
  AppendTime(rule.evaluated_at, out);
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
  AppendTime(group.evaluated_at, out);
  out += '}';
}

}  // namespace

absl::StatusOr<HttpResponse> RulesAnswer(const std::vector<RuleGroupStatus>& groups,
                                         const Parameters& parameters) {
  const std::string& type = parameters.Get("type");
  if (!type.empty() && type != "alert" && type != "record") {
    return InvalidParameter("type", absl::StrCat("not supported value \"", type, "\""));
  }
  const std::string& exclude = parameters.Get("exclude_alerts");
  if (!exclude.empty() && exclude != "true" && exclude != "false") {
    return InvalidParameter("exclude_alerts",
                            absl::StrCat("is \"", exclude, "\"; write true or false"));
  }
  const Alerts alerts = exclude == "true" ? Alerts::kLeftOut : Alerts::kTold;
  const std::vector<std::string> names = parameters.All("rule_name[]");
  const std::vector<std::string> group_names = parameters.All("rule_group[]");
  const std::vector<std::string> files = parameters.All("file[]");
  std::string data = "{\"groups\":[";
  bool first = true;
  for (const RuleGroupStatus& group : groups) {
    if (!IsWanted(group_names, group.name) || !IsWanted(files, group.file)) continue;
    std::string rules;
    for (const RuleStatus& rule : group.rules) {
      const bool alerting = rule.kind == RuleKind::kAlerting;
      if ((type == "alert" && !alerting) || (type == "record" && alerting)) continue;
      if (!IsWanted(names, rule.name)) continue;
      if (!rules.empty()) rules += ',';
      AppendRule(rule, alerts, rules);
    }
    if (rules.empty() && !group.rules.empty()) continue;
    if (!first) data += ',';
    first = false;
    AppendGroup(group, rules, data);
  }
  data += "]}";
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
