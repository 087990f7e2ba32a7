#include "aggregator/rules/group_options.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::aggregator {
namespace {

constexpr size_t kGroupNameBytesMax = 400;

RuleStatus Configured(const AlertRule& rule) {
  RuleStatus status;
  status.kind = RuleKind::kAlerting;
  status.name = rule.name;
  status.expression = rule.expression;
  status.pending_duration = rule.pending_duration;
  status.keep_firing_duration = rule.keep_firing_duration;
  status.labels = rule.labels;
  status.annotations = rule.annotations;
  status.evaluated_at = absl::UnixEpoch();
  return status;
}

RuleStatus Configured(const RecordingRule& rule) {
  RuleStatus status;
  status.kind = RuleKind::kRecording;
  status.name = rule.name;
  status.expression = rule.expression;
  status.labels = rule.labels;
  status.evaluated_at = absl::UnixEpoch();
  return status;
}

}  // namespace

absl::Status CheckOptions(const RuleGroupOptions& options) {
  if (options.name.empty() || options.name.size() > kGroupNameBytesMax ||
      absl::StrContains(options.name, "/")) {
    return absl::InvalidArgumentError(absl::StrCat("rule group `", options.name,
                                                   "`: its name has 1 to ", kGroupNameBytesMax,
                                                   " bytes without `/`"));
  }
  if (options.interval <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("rule group ", options.name, ": its interval is ",
                     absl::FormatDuration(options.interval), "; write more than 0"));
  }
  std::set<std::pair<std::string, storage::Labels>> seen;
  for (const AlertRule& rule : options.rules) {
    if (!seen.insert({rule.name, rule.labels}).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("rule group ", options.name, ": rule ", rule.name, rule.labels.ToString(),
                       " is there twice; give one of them another name or label"));
    }
  }
  if (!options.recordings.empty() && !options.record) {
    return absl::InvalidArgumentError(
        absl::StrCat("rule group ", options.name, ": it records, and there is nowhere to"));
  }
  return absl::OkStatus();
}

RuleGroupStatus Configured(const RuleGroupOptions& options) {
  RuleGroupStatus status;
  status.name = options.title.empty() ? options.name : options.title;
  status.file = options.file;
  status.interval = options.interval;
  status.limit = options.limit;
  status.evaluated_at = absl::UnixEpoch();
  size_t recording = 0;
  for (size_t alert = 0; alert <= options.rules.size(); ++alert) {
    for (; recording < options.recordings.size() &&
           options.recordings[recording].alerts_before <= alert;
         ++recording) {
      status.rules.push_back(Configured(options.recordings[recording]));
    }
    if (alert < options.rules.size()) status.rules.push_back(Configured(options.rules[alert]));
  }
  return status;
}

}  // namespace ora::aggregator
