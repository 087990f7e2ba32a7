#include "aggregator/rules/alert_order.h"

#include <tuple>

namespace ora::aggregator {
namespace {

// Where the alerts of one state stand in a list.
int Rank(v1::AlertState state) {
  switch (state) {
    case v1::ALERT_STATE_FIRING:
      return 0;
    case v1::ALERT_STATE_UNKNOWN:
      return 1;
    case v1::ALERT_STATE_PENDING:
      return 2;
    default:
      return 3;
  }
}

}  // namespace

absl::string_view StateName(v1::AlertState state) {
  switch (state) {
    case v1::ALERT_STATE_PENDING:
      return "pending";
    case v1::ALERT_STATE_FIRING:
      return "firing";
    case v1::ALERT_STATE_UNKNOWN:
      return "unknown";
    case v1::ALERT_STATE_RESOLVED:
      return "resolved";
    default:
      return "inactive";
  }
}

bool IsActive(const v1::Alert& alert) {
  return alert.state() != v1::ALERT_STATE_RESOLVED && alert.state() != v1::ALERT_STATE_UNSPECIFIED;
}

bool ComesBefore(const v1::Alert& a, const v1::Alert& b) {
  return std::make_tuple(Rank(a.state()), -static_cast<int>(a.severity()),
                         absl::string_view(a.id())) <
         std::make_tuple(Rank(b.state()), -static_cast<int>(b.severity()),
                         absl::string_view(b.id()));
}

}  // namespace ora::aggregator
