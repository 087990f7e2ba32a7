#include "aggregator/rules/alert_report.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "aggregator/rules/alert_records.h"
#include "aggregator/rules/value_text.h"

namespace ora::aggregator {
namespace {

std::string TypeName(v1::AlertType type) {
  switch (type) {
    case v1::ALERT_TYPE_GROWTH:
      return "Growth";
    case v1::ALERT_TYPE_ERROR:
      return "Error";
    case v1::ALERT_TYPE_PERFORMANCE:
      return "Performance";
    case v1::ALERT_TYPE_AVAILABILITY:
      return "Availability";
    default:
      return "Other";
  }
}

std::string SeverityName(v1::Severity severity) {
  switch (severity) {
    case v1::SEVERITY_ERROR:
      return "Error";
    case v1::SEVERITY_CRITICAL:
      return "Critical";
    default:
      return "Warning";
  }
}

std::string LabelValue(const v1::Alert& alert, absl::string_view name) {
  for (const v1::Label& label : alert.labels().labels()) {
    if (label.name() == name) return label.value();
  }
  return "";
}

std::string AffectedComponent(const v1::Alert& alert) {
  const std::string component = LabelValue(alert, "component");
  const std::string log = LabelValue(alert, "log");
  const std::string instance = LabelValue(alert, "instance");
  std::string place = log;
  if (!instance.empty()) absl::StrAppend(&place, place.empty() ? "on " : " on ", instance);
  if (component.empty()) return log.empty() ? (instance.empty() ? "fleet" : instance) : place;
  return place.empty() ? component : absl::StrCat(component, " (", place, ")");
}

// One line stays one line, whatever a host calls its logs.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (absl::ascii_iscntrl(c)) c = ' ';
  }
  return text;
}

}  // namespace

v1::AlertReport MakeAlertReport(const v1::Alert& alert, absl::Time now) {
  v1::AlertReport report;
  report.set_alert_id(alert.id());
  *report.mutable_time() = ToTimestamp(now);
  report.set_alert_type(TypeName(alert.type()));
  report.set_severity(SeverityName(alert.severity()));
  report.set_affected_component(AffectedComponent(alert));
  report.set_current_value(ValueWithUnit(alert.value(), alert.unit()));
  if (alert.has_threshold()) {
    report.set_threshold(ValueWithUnit(alert.threshold(), alert.unit()));
  }
  report.set_recommended_action(alert.recommended_action());
  report.set_state(alert.state());
  return report;
}

std::string AlertReportMarkdown(const v1::AlertReport& report) {
  const auto or_none = [](const std::string& text) { return text.empty() ? "none" : text; };
  return absl::StrCat(
      "## Alert Report\n- Timestamp: ",
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", FromTimestamp(report.time()), absl::UTCTimeZone()),
      "\n- Alert Type: ", report.alert_type(), "\n- Severity: ", report.severity(),
      "\n- Affected Component: ", OneLine(report.affected_component()),
      "\n- Current Value: ", OneLine(report.current_value()),
      "\n- Threshold: ", or_none(OneLine(report.threshold())),
      "\n- Recommended Action: ", or_none(OneLine(report.recommended_action())), "\n");
}

}  // namespace ora::aggregator
