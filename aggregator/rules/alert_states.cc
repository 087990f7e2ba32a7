#include "aggregator/rules/alert_states.h"

#include "aggregator/rules/alert_records.h"

namespace ora::aggregator {
namespace {

using state::v1::AlertRecord;

AlertRecord Answered(const AlertTiming& timing, AlertRecord record, const Observation& seen) {
  v1::Alert& alert = *record.mutable_alert();
  record.clear_false_since_time();
  alert.set_value(*seen.value);
  *alert.mutable_last_true_time() = ToTimestamp(seen.time);
  switch (alert.state()) {
    case v1::ALERT_STATE_FIRING:
    case v1::ALERT_STATE_UNKNOWN:
      alert.set_state(v1::ALERT_STATE_FIRING);
      return record;
    case v1::ALERT_STATE_PENDING:
      break;
    default:
      alert.set_state(v1::ALERT_STATE_PENDING);
      *alert.mutable_pending_time() = ToTimestamp(seen.time);
      alert.clear_firing_time();
      alert.clear_resolve_time();
  }
  if (seen.time - FromTimestamp(alert.pending_time()) >= timing.pending) {
    alert.set_state(v1::ALERT_STATE_FIRING);
    *alert.mutable_firing_time() = ToTimestamp(seen.time);
  }
  return record;
}

AlertRecord NotAnswered(const AlertTiming& timing, AlertRecord record, const Observation& seen) {
  v1::Alert& alert = *record.mutable_alert();
  if (timing.when_silent == WhenSilent::kHold && seen.liveness == Liveness::kSilent) {
    alert.set_state(v1::ALERT_STATE_UNKNOWN);
    return record;
  }
  if (timing.keep_firing > absl::ZeroDuration()) {
    if (!record.has_false_since_time()) {
      *record.mutable_false_since_time() = ToTimestamp(seen.time);
    }
    if (seen.time - FromTimestamp(record.false_since_time()) < timing.keep_firing) {
      alert.set_state(v1::ALERT_STATE_FIRING);
      return record;
    }
  }
  record.clear_false_since_time();
  alert.set_state(v1::ALERT_STATE_RESOLVED);
  *alert.mutable_resolve_time() = ToTimestamp(seen.time);
  return record;
}

}  // namespace

absl::optional<AlertRecord> NextRecord(const AlertTiming& timing, const AlertRecord& before,
                                       const Observation& seen) {
  if (seen.value.has_value()) return Answered(timing, before, seen);
  switch (before.alert().state()) {
    case v1::ALERT_STATE_FIRING:
    case v1::ALERT_STATE_UNKNOWN:
      return NotAnswered(timing, before, seen);
    case v1::ALERT_STATE_RESOLVED: {
      const absl::Duration age = seen.time - FromTimestamp(before.alert().resolve_time());
      if (age >= timing.resolved_retention) return absl::nullopt;
      return before;
    }
    default:
      return absl::nullopt;
  }
}

}  // namespace ora::aggregator
