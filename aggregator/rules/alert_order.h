// States of alerts: their names, which are active, and the order of lists.
#pragma once

#include "absl/strings/string_view.h"
#include "ora/v1/alert_service.pb.h"

namespace ora::aggregator {

// `firing`.
absl::string_view StateName(v1::AlertState state);

// Neither resolved nor without a state.
bool IsActive(const v1::Alert& alert);

// Whether `a` stands before `b` in a list: firing, unknown, pending, the rest; of one state the
// more severe first, then by id.
bool ComesBefore(const v1::Alert& a, const v1::Alert& b);

}  // namespace ora::aggregator
