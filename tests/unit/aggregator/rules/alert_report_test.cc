#include "aggregator/rules/alert_report.h"

#include <gtest/gtest.h>

namespace ora::aggregator {
namespace {

class AlertReportTest : public ::testing::Test {
 protected:
  AlertReportTest() {
    alert_.set_id("0123456789abcdef");
    alert_.set_type(v1::ALERT_TYPE_GROWTH);
    alert_.set_severity(v1::SEVERITY_WARNING);
    alert_.set_state(v1::ALERT_STATE_FIRING);
    alert_.set_value(64.51);
    alert_.set_threshold(50);
    alert_.set_unit("percent");
    alert_.set_recommended_action("rotate it");
    Label("component", "scheduler");
    Label("instance", "web-1");
    Label("log", "/srv/scheduler.log");
  }

  void Label(const std::string& name, const std::string& value) {
    v1::Label& label = *alert_.mutable_labels()->add_labels();
    label.set_name(name);
    label.set_value(value);
  }

  v1::AlertReport Report() {
    return MakeAlertReport(alert_, absl::FromUnixMillis(1'767'225'600'250));
  }

  v1::Alert alert_;
};

TEST_F(AlertReportTest, HasItsSevenLines) {
  EXPECT_EQ(AlertReportMarkdown(Report()),
            "## Alert Report\n"
            "- Timestamp: 2026-01-01T00:00:00Z\n"
            "- Alert Type: Growth\n"
            "- Severity: Warning\n"
            "- Affected Component: scheduler (/srv/scheduler.log on web-1)\n"
            "- Current Value: 64.51 %\n"
            "- Threshold: 50.00 %\n"
            "- Recommended Action: rotate it\n");
}

TEST_F(AlertReportTest, CarriesIdStateAndTime) {
  EXPECT_EQ(Report().alert_id(), "0123456789abcdef");
  EXPECT_EQ(Report().state(), v1::ALERT_STATE_FIRING);
  EXPECT_EQ(Report().time().nanos(), 250'000'000);
}

TEST_F(AlertReportTest, SaysNoneWhereThereIsNoThreshold) {
  alert_.clear_threshold();
  EXPECT_EQ(Report().threshold(), "");
  EXPECT_NE(AlertReportMarkdown(Report()).find("- Threshold: none\n"), std::string::npos);
}

TEST_F(AlertReportTest, NamesWhatIsAffectedByTheLabelsThatThereAre) {
  alert_.clear_labels();
  EXPECT_EQ(Report().affected_component(), "fleet");
  Label("instance", "web-1");
  EXPECT_EQ(Report().affected_component(), "web-1");
  Label("component", "api");
  EXPECT_EQ(Report().affected_component(), "api (on web-1)");
}

TEST_F(AlertReportTest, KeepsEachFieldOnItsLine) {
  alert_.clear_labels();
  Label("instance", "a\n- Severity: Critical");
  EXPECT_NE(AlertReportMarkdown(Report()).find("Component: a - Severity: Critical\n"),
            std::string::npos);
}

TEST_F(AlertReportTest, NamesTypesAndSeverities) {
  alert_.set_type(v1::ALERT_TYPE_AVAILABILITY);
  alert_.set_severity(v1::SEVERITY_CRITICAL);
  EXPECT_EQ(Report().alert_type(), "Availability");
  EXPECT_EQ(Report().severity(), "Critical");
  alert_.set_type(v1::ALERT_TYPE_PERFORMANCE);
  alert_.set_severity(v1::SEVERITY_ERROR);
  EXPECT_EQ(Report().alert_type(), "Performance");
  EXPECT_EQ(Report().severity(), "Error");
  alert_.set_type(v1::ALERT_TYPE_ERROR);
  EXPECT_EQ(Report().alert_type(), "Error");
}

}  // namespace
}  // namespace ora::aggregator
