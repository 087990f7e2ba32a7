#include "aggregator/services/alert_selection.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "aggregator/services/paging.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr size_t kNamedMatchesMax = 5;

bool HasLabel(const v1::Alert& alert, absl::string_view name, const std::string& value) {
  if (value.empty()) return true;
  for (const v1::Label& label : alert.labels().labels()) {
    if (label.name() == name) return label.value() == value;
  }
  return false;
}

bool HasState(const v1::Alert& alert, const v1::ListAlertsRequest& request) {
  if (request.states_size() == 0) return alert.state() != v1::ALERT_STATE_RESOLVED;
  return std::find(request.states().begin(), request.states().end(), alert.state()) !=
         request.states().end();
}

// The order changes with the states, so a page begins at a number, not after an alert.
absl::StatusOr<size_t> FirstOfPage(const std::string& token) {
  ORA_ASSIGN_OR_RETURN(const std::string key, PageKey(token));
  uint64_t first = 0;
  if (!key.empty() && !absl::SimpleAtoi(key, &first)) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_token: is `", token, "`; send the next_page_token of the page before"));
  }
  return first;
}

}  // namespace

absl::StatusOr<v1::ListAlertsResponse> SelectAlerts(std::vector<v1::Alert> alerts,
                                                    const v1::ListAlertsRequest& request) {
  std::erase_if(alerts, [&](const v1::Alert& alert) {
    return !HasState(alert, request) || !HasLabel(alert, "instance", request.instance()) ||
           !HasLabel(alert, "component", request.component());
  });
  ORA_ASSIGN_OR_RETURN(const size_t first, FirstOfPage(request.page_token()));
  ORA_ASSIGN_OR_RETURN(const int32_t page_size, contract::PageSize(request.page_size()));
  v1::ListAlertsResponse response;
  size_t i = first;
  for (; i < alerts.size() && response.alerts_size() < page_size; ++i) {
    *response.add_alerts() = std::move(alerts[i]);
  }
  if (i < alerts.size()) response.set_next_page_token(PageToken(absl::StrCat(i)));
  return response;
}

absl::StatusOr<v1::Alert> FindAlert(const std::vector<v1::Alert>& alerts,
                                    absl::string_view prefix) {
  std::vector<const v1::Alert*> matches;
  for (const v1::Alert& alert : alerts) {
    if (absl::StartsWith(alert.id(), prefix)) matches.push_back(&alert);
  }
  if (matches.empty()) {
    return absl::NotFoundError(
        absl::StrCat("id: no alert begins with `", prefix, "`; `ora alerts list` shows them"));
  }
  if (matches.size() == 1) return *matches.front();
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(matches.size(), kNamedMatchesMax); ++i) {
    names.push_back(absl::StrCat(matches[i]->id(), " (", matches[i]->rule(), ")"));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "id: `", prefix, "` begins ", matches.size(), " alerts: ", absl::StrJoin(names, ", "),
      matches.size() > names.size() ? ", ..." : "", "; send more of the id"));
}

}  // namespace ora::aggregator
