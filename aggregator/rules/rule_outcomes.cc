#include "aggregator/rules/rule_outcomes.h"

namespace ora::aggregator {

RuleOutcomes::News RuleOutcomes::Note(size_t rule, const absl::Status& status, absl::Time at,
                                      absl::Duration took) {
  absl::MutexLock lock(&mutex_);
  Outcome& outcome = outcomes_[rule];
  outcome.at = at;
  outcome.took = took;
  outcome.health = status.ok() ? RuleHealth::kGood : RuleHealth::kFailing;
  const std::string error(status.message());
  const bool is_new = !status.ok() && error != outcome.error;
  outcome.error = error;
  return is_new ? News::kAnotherError : News::kNone;
}

void RuleOutcomes::NoteGroup(absl::Time at, absl::Duration took) {
  absl::MutexLock lock(&mutex_);
  group_.at = at;
  group_.took = took;
}

void RuleOutcomes::Fill(size_t rule, RuleStatus& status) const {
  absl::MutexLock lock(&mutex_);
  const Outcome& outcome = outcomes_[rule];
  status.health = outcome.health;
  status.last_error = outcome.error;
  status.evaluated_at = outcome.at;
  status.evaluation_time = outcome.took;
}

void RuleOutcomes::Fill(RuleGroupStatus& status) const {
  absl::MutexLock lock(&mutex_);
  status.evaluated_at = group_.at;
  status.evaluation_time = group_.took;
}

}  // namespace ora::aggregator
