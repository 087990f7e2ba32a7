#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_client.h"

namespace ora::cli {
namespace {

v1::Alert GrowthAlert(v1::AlertState state) {
  v1::Alert alert;
  alert.set_id("0123456789abcdef");
  alert.set_rule("LogGrowth");
  alert.set_type(v1::ALERT_TYPE_GROWTH);
  alert.set_severity(v1::SEVERITY_WARNING);
  alert.set_state(state);
  alert.set_value(64.51);
  alert.set_threshold(50);
  alert.set_unit("percent");
  for (const auto& [name, value] :
       {std::pair("component", "scheduler"), std::pair("instance", "web1")}) {
    v1::Label* label = alert.mutable_labels()->add_labels();
    label->set_name(name);
    label->set_value(value);
  }
  alert.mutable_pending_time()->set_seconds(FakeShell::kNowSeconds - 600);
  alert.mutable_firing_time()->set_seconds(FakeShell::kNowSeconds - 192);
  return alert;
}

class AlertsTest : public testing::Test {
 protected:
  void Answer(v1::AlertState state) {
    v1::ListAlertsResponse response;
    *response.add_alerts() = GrowthAlert(state);
    shell_.aggregator.alerts.answers = {response};
  }

  FakeShell shell_;
};

TEST_F(AlertsTest, ListsAlerts) {
  Answer(v1::ALERT_STATE_FIRING);
  EXPECT_EQ(shell_.Ora({"alerts", "list"}), 0);
  EXPECT_EQ(shell_.aggregator.alerts.requests[0].states_size(), 0);
  EXPECT_EQ(
      shell_.Out(),
      "ID                STATE   SEVERITY  RULE       HOST  COMPONENT    VALUE  THRESHOLD     "
      "FOR\n"
      "0123456789abcdef  firing  warning   LogGrowth  web1  scheduler  64.51 %    50.00 %  "
      "3m 12s\n");
}

TEST_F(AlertsTest, FitsATerminal) {
  Answer(v1::ALERT_STATE_FIRING);
  EXPECT_EQ(shell_.Ora({"alerts", "list", "--width", "80"}), 0);
  EXPECT_EQ(shell_.Out(),
            "ID                STATE   SEVERITY  RULE       HOST  COMPONENT    VALUE     FOR\n"
            "0123456789abcdef  firing  warning   LogGrowth  web1  scheduler  64.51 %  3m 12s\n");
}

TEST_F(AlertsTest, JudgesOnlyWhenAsked) {
  Answer(v1::ALERT_STATE_FIRING);
  EXPECT_EQ(shell_.Ora({"alerts", "list", "--exit-code"}), 1);
  EXPECT_EQ(shell_.Ora({"alerts", "list", "--exit-code", "-o", "json"}), 1);
  EXPECT_EQ(shell_.Ora({"alerts", "list"}), 0);
  Answer(v1::ALERT_STATE_PENDING);
  EXPECT_EQ(shell_.Ora({"alerts", "list", "--exit-code"}), 0);
}

TEST_F(AlertsTest, AsksForStates) {
  EXPECT_EQ(shell_.Ora({"alerts", "list", "--state", "firing,unknown", "--state", "pending"}), 0);
  EXPECT_THAT(shell_.aggregator.alerts.requests[0].states(),
              testing::ElementsAre(v1::ALERT_STATE_FIRING, v1::ALERT_STATE_UNKNOWN,
                                   v1::ALERT_STATE_PENDING));
  EXPECT_EQ(shell_.Ora({"alerts", "list", "--state", "all"}), 0);
  EXPECT_EQ(shell_.aggregator.alerts.requests[1].states_size(), 4);
  EXPECT_EQ(shell_.Ora({"alerts", "list", "--state", "burning"}), 2);
}

TEST_F(AlertsTest, SaysThatAllIsWell) {
  EXPECT_EQ(shell_.Ora({"alerts", "list", "--exit-code"}), 0);
  EXPECT_EQ(shell_.Err(), "ora: no alert is pending, firing or unknown\n");
}

TEST_F(AlertsTest, ShowsOneAlert) {
  shell_.aggregator.alert.answers = {GrowthAlert(v1::ALERT_STATE_FIRING)};
  EXPECT_EQ(shell_.Ora({"alerts", "show", "0123"}), 0);
  EXPECT_EQ(shell_.aggregator.alert.requests[0].id(), "0123");
  EXPECT_THAT(shell_.Out(), testing::HasSubstr("value            64.51 %\n"));
  EXPECT_THAT(shell_.Out(), testing::HasSubstr("label instance   web1\n"));
}

TEST_F(AlertsTest, PrintsReportsAsMarkdownThatCannotDriveTheTerminal) {
  v1::GetAlertReportResponse response;
  response.add_reports()->set_current_value("64.51 %");
  response.set_markdown("## Alert Report\n- Current Value: 64.51 %\x1b[2J");
  shell_.aggregator.report.answers = {response};
  EXPECT_EQ(shell_.Ora({"alerts", "report", "0123"}), 0);
  EXPECT_EQ(shell_.Out(), "## Alert Report\n- Current Value: 64.51 %\\x1b[2J\n");
  EXPECT_EQ(shell_.Ora({"alerts", "report", "-o", "json"}), 0);
  EXPECT_THAT(shell_.Out(), testing::HasSubstr("\"current_value\": \"64.51 %\""));
}

TEST_F(AlertsTest, SaysThatThereIsNothingToReport) {
  EXPECT_EQ(shell_.Ora({"alerts", "report"}), 0);
  EXPECT_EQ(shell_.Out(), "");
  EXPECT_EQ(shell_.Err(), "ora: no alert is firing or unknown\n");
}

}  // namespace
}  // namespace ora::cli
