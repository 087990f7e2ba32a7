// Rules that are evaluated together, and the alerts that they have raised.
//
// README.md has the state machine. Thread-safe. Every state change is durable before anyone is
// told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "aggregator/rules/rule.h"
#include "aggregator/rules/rule_status.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/log_sink.h"
#include "storage/state_store.h"

namespace ora::aggregator {

struct RuleGroupOptions {
  std::string name;   // Unique: the key of what is stored.
  std::string title;  // What people call it; `name` if empty.
  absl::Duration interval = absl::Seconds(15);
  absl::Duration resolved_retention = absl::Hours(24);
  size_t alerts_max = 10'000;  // More series than this are not raised, counted and logged.
  std::vector<AlertRule> rules;
  std::string file;                       // Where it is written; empty for the built-in rules.
  absl::Duration query_offset;            // Expressions are asked of so long before now.
  size_t limit = 0;                       // A rule whose answer has more series fails; 0: none.
  std::vector<RecordingRule> recordings;  // By `alerts_before`.
  storage::Labels external_labels;        // `$externalLabels` of templates.
  std::string external_url;               // `$externalURL` of templates.
  RecordFn record;  // Where recordings and ALERTS go; if empty there are neither.
};

class RuleGroup {
 public:
  virtual ~RuleGroup() = default;

  // Takes up the alerts that `state` holds of this group. All but `options` must outlive the group.
  static absl::StatusOr<std::unique_ptr<RuleGroup>> Open(
      RuleGroupOptions options, EvaluateFn evaluate, LivenessFn liveness, AlertChangedFn changed,
      storage::StateStore& state, storage::Clock& clock, storage::LogSink& log,
      storage::Counters& counters);

  // Evaluates every rule once, at the clock's time, and stores what changed; a rule sees what those
  // before it have recorded. An error of one rule
  // is logged and counted and does not stop the others; what cannot be stored is returned, and
  // the states stay as they were.
  virtual absl::Status EvaluateOnce() = 0;

  // Evaluates every `interval` on a thread of its own until Stop (or the destructor).
  virtual void Start() = 0;
  virtual void Stop() = 0;

  // Every alert that is kept, resolved ones too, in the order of AlertService.ListAlerts.
  virtual std::vector<v1::Alert> Alerts() const = 0;

  // Its rules, how they fare, and their alerts that are not resolved. Waits for no evaluation.
  virtual RuleGroupStatus Status() const = 0;
};

}  // namespace ora::aggregator
