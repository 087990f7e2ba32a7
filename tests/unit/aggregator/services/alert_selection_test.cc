#include "aggregator/services/alert_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ora::aggregator {
namespace {

using ::testing::HasSubstr;

v1::Alert AlertOf(const std::string& id, v1::AlertState state, const std::string& instance) {
  v1::Alert alert;
  alert.set_id(id);
  alert.set_rule("LogGrowth");
  alert.set_state(state);
  v1::Label* label = alert.mutable_labels()->add_labels();
  label->set_name("instance");
  label->set_value(instance);
  return alert;
}

const std::vector<v1::Alert>& Alerts() {
  static const auto& alerts = *new std::vector<v1::Alert>{
      AlertOf("ab01", v1::ALERT_STATE_FIRING, "web1"),
      AlertOf("ab02", v1::ALERT_STATE_PENDING, "web2"),
      AlertOf("cd03", v1::ALERT_STATE_RESOLVED, "web1"),
  };
  return alerts;
}

TEST(AlertSelectionTest, LeavesOutResolvedAlertsUnlessAskedFor) {
  EXPECT_EQ(SelectAlerts(Alerts(), {})->alerts_size(), 2);
  v1::ListAlertsRequest request;
  request.add_states(v1::ALERT_STATE_RESOLVED);
  EXPECT_EQ(SelectAlerts(Alerts(), request)->alerts(0).id(), "cd03");
}

TEST(AlertSelectionTest, FiltersByHost) {
  v1::ListAlertsRequest request;
  request.set_instance("web2");
  const v1::ListAlertsResponse response = *SelectAlerts(Alerts(), request);
  ASSERT_EQ(response.alerts_size(), 1);
  EXPECT_EQ(response.alerts(0).id(), "ab02");
}

TEST(AlertSelectionTest, GivesPages) {
  v1::ListAlertsRequest request;
  request.set_page_size(1);
  const v1::ListAlertsResponse first = *SelectAlerts(Alerts(), request);
  request.set_page_token(first.next_page_token());
  const v1::ListAlertsResponse second = *SelectAlerts(Alerts(), request);
  EXPECT_EQ(first.alerts(0).id(), "ab01");
  EXPECT_EQ(second.alerts(0).id(), "ab02");
  EXPECT_EQ(second.next_page_token(), "");
}

TEST(AlertSelectionTest, RefusesATokenThatItNeverGave) {
  v1::ListAlertsRequest request;
  request.set_page_token("nonsense!");
  EXPECT_EQ(SelectAlerts(Alerts(), request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(AlertSelectionTest, FindsByAPrefixThatOneAlertHas) {
  EXPECT_EQ(FindAlert(Alerts(), "c")->id(), "cd03");
  EXPECT_EQ(FindAlert(Alerts(), "ab02")->id(), "ab02");
  EXPECT_EQ(FindAlert(Alerts(), "ff").status().code(), absl::StatusCode::kNotFound);
}

TEST(AlertSelectionTest, NamesTheAlertsThatShareAPrefix) {
  const absl::Status status = FindAlert(Alerts(), "ab").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("ab01 (LogGrowth), ab02 (LogGrowth)"));
}

}  // namespace
}  // namespace ora::aggregator
