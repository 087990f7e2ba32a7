#include "aggregator/rules/builtin_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/substitute.h"
#include "aggregator/rules/value_text.h"

namespace ora::aggregator {
namespace {

using config::v1::AlertConfig;
using config::v1::ComponentLimit;

constexpr absl::string_view kLog = "{{ $labels.instance }}:{{ $labels.log }}";

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

// As PromQL writes it.
std::string Window(absl::Duration window) {
  return absl::StrCat(absl::ToInt64Milliseconds(window), "ms");
}

// A string literal of PromQL.
std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}), "\"");
}

// What a counter has risen by in the window; exact, since Ora's counters never go back. One that is
// younger than the window is judged by its rise since it was first seen.
std::string Rise(absl::string_view counter, absl::string_view window) {
  return absl::Substitute("($0 - ($0 offset $1 or min_over_time($0[$1])))", counter, window);
}

AlertRule LogGrowth(const AlertConfig& config, absl::string_view window) {
  AlertRule rule;
  rule.name = "LogGrowth";
  rule.threshold = config.growth_threshold_percent();
  rule.expression = absl::Substitute(
      "100 * (ora_log_appended_bytes_total - ora_log_appended_bytes_total offset $0) / "
      "(ora_log_storage_bytes offset $0 > 0) > $1",
      window, PlainNumber(*rule.threshold));
  rule.type = v1::ALERT_TYPE_GROWTH;
  rule.severity = v1::SEVERITY_WARNING;
  rule.unit = "percent";
  rule.annotations.Set("summary",
                       absl::StrCat(kLog, " has grown by {{ $value | printf \"%.2f\" }} %"));
  rule.annotations.Set(
      "description",
      absl::StrCat("In ", absl::FormatDuration(ToDuration(config.monitor_interval())),
                   " {{ $labels.component }} has appended {{ $value | printf \"%.2f\" }} % of what "
                   "the log and its backups held before; at this pace it fills its disk."));
  rule.recommended_action = absl::StrCat(
      "Rotate the log and keep fewer backups, or lower the level at which {{ $labels.component }} "
      "logs; look at what fills it with `ora logs analyze ",
      kLog, "`");
  return rule;
}

AlertRule LogErrorRate(const AlertConfig& config, absl::string_view window) {
  const std::string errors = Rise("ora_log_lines_total{level=~\"error|critical\"}", window);
  const std::string lines = Rise("ora_log_lines_total", window);
  AlertRule rule;
  rule.name = "LogErrorRate";
  rule.threshold = config.error_rate_threshold_percent();
  rule.expression = absl::Substitute(
      "100 * sum without (level) $0 / (sum without (level) $1 >= $2) > $3", errors, lines,
      PlainNumber(std::max(1.0, config.error_rate_lines_min())), PlainNumber(*rule.threshold));
  rule.type = v1::ALERT_TYPE_ERROR;
  rule.severity = v1::SEVERITY_ERROR;
  rule.unit = "percent";
  rule.annotations.Set("summary", absl::StrCat("{{ $value | printf \"%.2f\" }} % of the lines of ",
                                               kLog, " are errors"));
  rule.annotations.Set(
      "description",
      absl::StrCat("Of the lines that {{ $labels.component }} has written in ",
                   absl::FormatDuration(ToDuration(config.monitor_interval())),
                   ", {{ $value | printf \"%.2f\" }} % are of level error or critical."));
  rule.recommended_action =
      absl::StrCat("See which errors they are with `ora logs analyze ", kLog,
                   "`, and undo what was last changed in {{ $labels.component }} if they are new");
  return rule;
}

AlertRule LogErrorBurst(const AlertConfig& config) {
  AlertRule rule;
  rule.name = "LogErrorBurst";
  rule.threshold = config.error_burst_lines();
  rule.expression = absl::Substitute("sum without (level) $0 >= $1",
                                     Rise("ora_log_lines_total{level=~\"error|critical\"}", "1m"),
                                     PlainNumber(*rule.threshold));
  rule.type = v1::ALERT_TYPE_ERROR;
  rule.severity = v1::SEVERITY_ERROR;
  rule.unit = "errors";
  rule.annotations.Set("summary", absl::StrCat("{{ $value }} errors within a minute in ", kLog));
  rule.annotations.Set("description",
                       "{{ $labels.component }} has written {{ $value }} lines of level error or "
                       "critical within the last minute.");
  rule.recommended_action =
      absl::StrCat("See which errors they are with `ora logs analyze ", kLog,
                   "`, and look whether something that {{ $labels.component }} needs is down");
  return rule;
}

AlertRule SlowResponses(const AlertConfig& config, absl::string_view window) {
  AlertRule rule;
  rule.name = "SlowResponses";
  rule.threshold = config.response_time_threshold_seconds();
  rule.expression = absl::Substitute(
      "histogram_quantile(0.95, sum by (instance, job, component, category, log, le) $0) > $1",
      Rise("ora_log_response_seconds_bucket", window), PlainNumber(*rule.threshold));
  rule.type = v1::ALERT_TYPE_PERFORMANCE;
  rule.severity = v1::SEVERITY_WARNING;
  rule.unit = "seconds";
  rule.annotations.Set("summary",
                       "{{ $labels.component }} on {{ $labels.instance }} is slow: p95 is "
                       "{{ $value | printf \"%.2f\" }} s");
  rule.annotations.Set(
      "description",
      absl::StrCat("One in twenty of the responses that {{ $labels.log }} tells of in ",
                   absl::FormatDuration(ToDuration(config.monitor_interval())),
                   " took {{ $value | printf \"%.2f\" }} s or longer."));
  rule.recommended_action =
      absl::StrCat("Compare the quantiles with `ora logs analyze ", kLog,
                   "`, and look for a lack of memory or CPU on {{ $labels.instance }} and for slow "
                   "dependencies of {{ $labels.component }}");
  return rule;
}

AlertRule ComponentMemory(const ComponentLimit& limit) {
  AlertRule rule;
  rule.name = "ComponentMemory";
  rule.labels = {{"component", limit.component()}};
  rule.threshold = static_cast<double>(limit.memory_bytes_max());
  rule.expression = absl::Substitute(
      "sum by (instance, job, component) (process_resident_memory_bytes{component=$0}) > $1",
      Quoted(limit.component()), limit.memory_bytes_max());
  rule.type = v1::ALERT_TYPE_PERFORMANCE;
  rule.severity = v1::SEVERITY_WARNING;
  rule.unit = "bytes";
  rule.annotations.Set("summary",
                       "{{ $labels.component }} on {{ $labels.instance }} holds "
                       "{{ $value | humanize1024 }}B of memory");
  rule.annotations.Set("description",
                       "The processes of {{ $labels.component }} together hold more resident "
                       "memory than its limit.");
  rule.recommended_action =
      "Look for a leak in {{ $labels.component }} and restart it; or raise memory_bytes_max of "
      "this "
      "component in the aggregator's configuration";
  return rule;
}

AlertRule ComponentCpu(const ComponentLimit& limit, absl::string_view window) {
  AlertRule rule;
  rule.name = "ComponentCpu";
  rule.labels = {{"component", limit.component()}};
  rule.threshold = limit.cpu_percent_max();
  rule.expression = absl::Substitute(
      "100 * sum by (instance, job, component) "
      "(rate(process_cpu_seconds_total{component=$0}[$1])) > $2",
      Quoted(limit.component()), window, PlainNumber(limit.cpu_percent_max()));
  rule.type = v1::ALERT_TYPE_PERFORMANCE;
  rule.severity = v1::SEVERITY_WARNING;
  rule.unit = "percent";
  rule.annotations.Set("summary",
                       "{{ $labels.component }} on {{ $labels.instance }} uses "
                       "{{ $value | printf \"%.2f\" }} % of a processor");
  rule.annotations.Set("description",
                       "The processes of {{ $labels.component }} together use more CPU than its "
                       "limit; 100 % is one processor.");
  rule.recommended_action =
      "See what {{ $labels.component }} is busy with (`perf top` on {{ $labels.instance }}), "
      "spread "
      "its load; or raise cpu_percent_max of this component in the aggregator's configuration";
  return rule;
}

AlertRule HostSilent() {
  AlertRule rule;
  rule.name = "HostSilent";
  rule.expression = "up{job=\"ora\"} == 0";
  rule.type = v1::ALERT_TYPE_AVAILABILITY;
  rule.severity = v1::SEVERITY_CRITICAL;
  rule.annotations.Set("summary", "{{ $labels.instance }} is silent");
  rule.annotations.Set(
      "description",
      "The collector of {{ $labels.instance }} is not heard: the host is down, cut "
      "off, or the collector has stopped. Alerts about it are held as unknown.");
  rule.recommended_action =
      "Log in to {{ $labels.instance }}: if it answers, look at `systemctl status ora-collector` "
      "and at the way to the aggregator; if not, start the host";
  return rule;
}

}  // namespace

std::vector<AlertRule> BuiltinRules(const AlertConfig& config) {
  std::vector<AlertRule> rules;
  if (config.disabled()) return rules;
  const std::string window = Window(ToDuration(config.monitor_interval()));
  rules.push_back(LogGrowth(config, window));
  rules.push_back(LogErrorRate(config, window));
  rules.push_back(LogErrorBurst(config));
  rules.push_back(SlowResponses(config, window));
  for (const ComponentLimit& limit : config.components()) {
    if (limit.memory_bytes_max() > 0) rules.push_back(ComponentMemory(limit));
    if (limit.cpu_percent_max() > 0) rules.push_back(ComponentCpu(limit, window));
  }
  rules.push_back(HostSilent());
  for (AlertRule& rule : rules) rule.pending_duration = ToDuration(config.pending_duration());
  return rules;
}

}  // namespace ora::aggregator
