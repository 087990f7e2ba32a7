// How rules stand, for those who ask: as configured, when last evaluated, with which alerts.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "ora/v1/alert_service.pb.h"
#include "storage/labels.h"

namespace ora::aggregator {

enum class RuleKind { kAlerting, kRecording };
enum class RuleHealth { kUnknown, kGood, kFailing };

struct RuleStatus {
  RuleKind kind = RuleKind::kAlerting;
  std::string name;
  std::string expression;
  absl::Duration pending_duration;
  absl::Duration keep_firing_duration;
  storage::Labels labels;
  storage::Labels annotations;  // As they were written, templates not filled.
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;   // Of the last evaluation; empty if it was good.
  absl::Time evaluated_at;  // The epoch before the first evaluation.
  absl::Duration evaluation_time;
  std::vector<v1::Alert> alerts;  // Those that are not resolved.
};

struct RuleGroupStatus {
  std::string name;
  std::string file;  // Empty for the built-in rules.
  absl::Duration interval;
  size_t limit = 0;  // Series or alerts a rule; 0 if none is set.
  absl::Time evaluated_at;
  absl::Duration evaluation_time;
  std::vector<RuleStatus> rules;  // In the order in which they are evaluated.
};

}  // namespace ora::aggregator
