// The commands, each with what can be said to it. All make their calls, print, and return
// kDone, or kBadNews where the command was asked to judge; or the error of the call that failed.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/commands/session.h"

namespace ora::cli {

struct HostsListOptions {
  std::string state;  // "live", "silent" or empty for all.
};
absl::StatusOr<ExitStatus> ListHosts(const HostsListOptions& options, Session& session);
absl::StatusOr<ExitStatus> ShowHost(const std::string& instance, Session& session);

struct LogsListOptions {
  std::string instance;   // All if empty.
  std::string component;  // All if empty.
};
absl::StatusOr<ExitStatus> ListLogs(const LogsListOptions& options, Session& session);

struct LogsAnalyzeOptions {
  std::string log;  // All if empty.
  std::string window = "10m";
  int log_count_max = 100;
};
absl::StatusOr<ExitStatus> AnalyzeLogs(const LogsAnalyzeOptions& options, Session& session);

struct QueryOptions {
  std::string expression;
  std::string time;   // Of an instant query; now if empty.
  std::string start;  // A range query if set; then `end` is now and `step` a 60th if empty.
  std::string end;
  std::string step;
  bool plot = false;     // Of a range query: draw the series instead of a table.
  bool explain = false;  // Tell the tree and what each node cost instead of the answer.
};
absl::StatusOr<ExitStatus> Query(const QueryOptions& options, Session& session);

struct SeriesOptions {
  std::vector<std::string> selectors;
  std::string start;
  std::string end;
};
absl::StatusOr<ExitStatus> ListSeries(const SeriesOptions& options, Session& session);

struct LabelsOptions {
  std::string name;  // Its values if set, else all names.
  std::vector<std::string> selectors;
};
absl::StatusOr<ExitStatus> ListLabels(const LabelsOptions& options, Session& session);

struct RulesListOptions {
  std::string kind;  // "alerting", "recording" or empty for both.
  std::string group;
  bool judge = false;  // kBadNews if a rule's last evaluation failed.
};
absl::StatusOr<ExitStatus> ListRules(const RulesListOptions& options, Session& session);

// Rule files, and files of their unit tests, which the aggregator reads: kBadNews where one has a
// mistake, or a test fails. INVALID_ARGUMENT: a file cannot be read, or is too large to send.
absl::StatusOr<ExitStatus> CheckRules(const std::vector<std::string>& paths, Session& session);
absl::StatusOr<ExitStatus> TestRules(const std::vector<std::string>& paths, Session& session);

struct AlertsListOptions {
  std::vector<std::string> states;  // "pending", "firing", "unknown", "resolved", "all".
  std::string instance;
  std::string component;
  bool judge = false;  // kBadNews if an alert of the answer fires.
};
absl::StatusOr<ExitStatus> ListAlerts(const AlertsListOptions& options, Session& session);
absl::StatusOr<ExitStatus> ShowAlert(const std::string& id, Session& session);
// Every firing and unknown alert if `id` is empty.
absl::StatusOr<ExitStatus> ReportAlerts(const std::string& id, Session& session);

absl::StatusOr<ExitStatus> ShowStatus(Session& session);
// Under the current time, such as 20261123T101500Z, if `name` is empty.
absl::StatusOr<ExitStatus> MakeSnapshot(const std::string& name, Session& session);
absl::StatusOr<ExitStatus> ShowCardinality(int top, Session& session);

struct DeleteOptions {
  std::string selector;
  bool apply = false;  // Else it is only said what would go.
};
absl::StatusOr<ExitStatus> DeleteSeries(const DeleteOptions& options, Session& session);

// kDone even where the aggregator does not answer; the client's version is known then.
absl::StatusOr<ExitStatus> ShowVersion(Session& session);

}  // namespace ora::cli
