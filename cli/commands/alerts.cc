#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cli/commands/commands.h"
#include "cli/render/text.h"
#include "cli/render/units.h"
#include "proto/status/status_macros.h"

namespace ora::cli {
namespace {

struct StateWord {
  const char* word;
  v1::AlertState state;
  Tone tone;
};
constexpr StateWord kStates[] = {{"pending", v1::ALERT_STATE_PENDING, Tone::kWarning},
                                 {"firing", v1::ALERT_STATE_FIRING, Tone::kBad},
                                 {"unknown", v1::ALERT_STATE_UNKNOWN, Tone::kWarning},
                                 {"resolved", v1::ALERT_STATE_RESOLVED, Tone::kGood}};

absl::Status AddState(const std::string& word, v1::ListAlertsRequest& request) {
  bool known = false;
  for (const StateWord& state : kStates) {
    if (word != state.word && word != "all") continue;
    request.add_states(state.state);
    known = true;
  }
  if (known) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--state: `", word,
                   "` is no state of an alert; say pending, firing, unknown, resolved or all"));
}

Cell StateCell(v1::AlertState state) {
  for (const StateWord& known : kStates) {
    if (state == known.state) return {known.word, known.tone};
  }
  return "";
}

Cell SeverityCell(v1::Severity severity) {
  if (severity == v1::SEVERITY_WARNING) return {"warning", Tone::kWarning};
  if (severity == v1::SEVERITY_ERROR) return {"error", Tone::kBad};
  if (severity == v1::SEVERITY_CRITICAL) return {"critical", Tone::kBad};
  return "";
}

std::string TypeText(v1::AlertType type) {
  if (type == v1::ALERT_TYPE_GROWTH) return "growth";
  if (type == v1::ALERT_TYPE_ERROR) return "error";
  if (type == v1::ALERT_TYPE_PERFORMANCE) return "performance";
  if (type == v1::ALERT_TYPE_AVAILABILITY) return "availability";
  return "";
}

std::string LabelOf(const v1::Alert& alert, absl::string_view name) {
  for (const v1::Label& label : alert.labels().labels()) {
    if (label.name() == name) return label.value();
  }
  return "";
}

std::string ThresholdText(const v1::Alert& alert) {
  return alert.has_threshold() ? HumanValue(alert.threshold(), alert.unit()) : "";
}

// For how long the alert has been in its state.
std::string AgeText(const v1::Alert& alert, absl::Time now) {
  if (alert.has_resolve_time()) return HumanDuration(now - ToTime(alert.resolve_time()));
  if (alert.has_firing_time()) return HumanDuration(now - ToTime(alert.firing_time()));
  return alert.has_pending_time() ? HumanDuration(now - ToTime(alert.pending_time())) : "";
}

Table AlertTable(const v1::ListAlertsResponse& response, absl::Time now) {
  Table table;
  table.columns = {{.title = "ID"},
                   {.title = "STATE"},
                   {.title = "SEVERITY", .rank = 3},
                   {.title = "RULE", .cut = Cut::kMiddle},
                   {.title = "HOST", .rank = 2, .cut = Cut::kMiddle, .width_min = 8},
                   {.title = "COMPONENT", .rank = 1, .cut = Cut::kMiddle, .width_min = 9},
                   {.title = "VALUE", .align = Align::kRight},
                   {.title = "THRESHOLD", .align = Align::kRight, .rank = 5},
                   {.title = "FOR", .align = Align::kRight, .rank = 4}};
  for (const v1::Alert& alert : response.alerts()) {
    table.rows.push_back({alert.id(), StateCell(alert.state()), SeverityCell(alert.severity()),
                          alert.rule(), LabelOf(alert, "instance"), LabelOf(alert, "component"),
                          HumanValue(alert.value(), alert.unit()), ThresholdText(alert),
                          AgeText(alert, now)});
  }
  return table;
}

std::vector<Property> AlertProperties(const v1::Alert& alert, absl::Time now) {
  std::vector<Property> properties = {{"alert", alert.id()},
                                      {"rule", alert.rule()},
                                      {"state", StateCell(alert.state())},
                                      {"severity", SeverityCell(alert.severity())},
                                      {"type", TypeText(alert.type())},
                                      {"value", HumanValue(alert.value(), alert.unit())},
                                      {"threshold", ThresholdText(alert)},
                                      {"action", alert.recommended_action()},
                                      {"pending since", HumanInstant(alert.pending_time(), now)},
                                      {"firing since", HumanInstant(alert.firing_time(), now)},
                                      {"last true", HumanInstant(alert.last_true_time(), now)},
                                      {"resolved", HumanInstant(alert.resolve_time(), now)},
                                      {"expression", alert.expression()}};
  for (const v1::Label& label : alert.labels().labels()) {
    properties.push_back({absl::StrCat("label ", label.name()), label.value()});
  }
  for (const v1::Label& annotation : alert.annotations()) {
    properties.push_back({annotation.name(), annotation.value()});
  }
  return properties;
}

}  // namespace

absl::StatusOr<ExitStatus> ListAlerts(const AlertsListOptions& options, Session& session) {
  v1::ListAlertsRequest request;
  for (const std::string& state : options.states) ORA_RETURN_IF_ERROR(AddState(state, request));
  request.set_instance(options.instance);
  request.set_component(options.component);
  ORA_ASSIGN_OR_RETURN(
      const v1::ListAlertsResponse response,
      CallForAllPages<v1::ListAlertsResponse>(session.client, request,
                                              [](auto& page) { return page.mutable_alerts(); }));
  const bool asked_for_all =
      options.states.empty() && options.instance.empty() && options.component.empty();
  PrintList(session, AlertTable(response, session.now), PointersTo(response.alerts()),
            *v1::Alert::descriptor(),
            asked_for_all ? "no alert is pending, firing or unknown" : "no alert matches");
  const bool fires =
      std::any_of(response.alerts().begin(), response.alerts().end(),
                  [](const v1::Alert& alert) { return alert.state() == v1::ALERT_STATE_FIRING; });
  return options.judge && fires ? ExitStatus::kBadNews : ExitStatus::kDone;
}

absl::StatusOr<ExitStatus> ShowAlert(const std::string& id, Session& session) {
  v1::GetAlertRequest request;
  request.set_id(id);
  ORA_ASSIGN_OR_RETURN(const v1::Alert alert, session.client.Call(request));
  PrintOne(session, AlertProperties(alert, session.now), alert);
  return ExitStatus::kDone;
}

absl::StatusOr<ExitStatus> ReportAlerts(const std::string& id, Session& session) {
  v1::GetAlertReportRequest request;
  request.set_id(id);
  ORA_ASSIGN_OR_RETURN(const v1::GetAlertReportResponse response, session.client.Call(request));
  if (session.format != OutputFormat::kTable || response.reports().empty()) {
    PrintList(session, Table(), PointersTo(response.reports()), *v1::AlertReport::descriptor(),
              "no alert is firing or unknown");
    return ExitStatus::kDone;
  }
  const std::string& markdown = response.markdown();
  session.out << PrintableLines(markdown);
  if (!markdown.empty() && markdown.back() != '\n') session.out << "\n";
  return ExitStatus::kDone;
}

}  // namespace ora::cli
