// The state machine of one alert: decides, and does nothing else. README.md draws it.
#pragma once

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "aggregator/rules/rule.h"
#include "ora/state/v1/aggregator_state.pb.h"

namespace ora::aggregator {

enum class WhenSilent {
  kHold,   // A silent host's alerts become unknown.
  kJudge,  // The alert is about silence itself.
};

struct AlertTiming {
  absl::Duration pending;
  absl::Duration keep_firing;
  absl::Duration resolved_retention;
  WhenSilent when_silent = WhenSilent::kHold;
};

// What one evaluation has seen of one alert.
struct Observation {
  absl::Time time;
  absl::optional<double> value;         // Absent: the expression answered without it.
  Liveness liveness = Liveness::kLive;  // Of the alert's host; asked only where `value` is absent.
};

// The record that follows `before`, or nothing where the alert becomes inactive. An unspecified
// state in `before` is inactive.
absl::optional<state::v1::AlertRecord> NextRecord(const AlertTiming& timing,
                                                  const state::v1::AlertRecord& before,
                                                  const Observation& seen);

}  // namespace ora::aggregator
