#include "aggregator/rules/builtin_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregator/rules/annotation_template.h"

namespace ora::aggregator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class BuiltinRulesTest : public ::testing::Test {
 protected:
  BuiltinRulesTest() {
    config_.mutable_monitor_interval()->set_seconds(600);
    config_.set_growth_threshold_percent(50);
    config_.set_error_rate_threshold_percent(10);
    config_.set_error_burst_lines(100);
    config_.set_response_time_threshold_seconds(2);
    config_.set_error_rate_lines_min(20);
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const AlertRule& rule : BuiltinRules(config_)) names.push_back(rule.name);
    return names;
  }

  AlertRule Find(const std::string& name) {
    for (const AlertRule& rule : BuiltinRules(config_)) {
      if (rule.name == name) return rule;
    }
    ADD_FAILURE() << name;
    return {};
  }

  config::v1::AlertConfig config_;
};

TEST_F(BuiltinRulesTest, AreTheFiveOfEveryDeploymentAndThoseOfComponents) {
  EXPECT_THAT(Names(), ElementsAre("LogGrowth", "LogErrorRate", "LogErrorBurst", "SlowResponses",
                                   "HostSilent"));
  config::v1::ComponentLimit& limit = *config_.add_components();
  limit.set_component("api");
  limit.set_memory_bytes_max(1 << 20);
  limit.set_cpu_percent_max(150);
  config_.add_components()->set_component("unlimited");
  EXPECT_THAT(Names(), ElementsAre("LogGrowth", "LogErrorRate", "LogErrorBurst", "SlowResponses",
                                   "ComponentMemory", "ComponentCpu", "HostSilent"));
  config_.set_disabled(true);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(BuiltinRulesTest, GrowthIsAppendedBytesOverTheLogsBytesAtTheWindowsStart) {
  EXPECT_EQ(Find("LogGrowth").expression,
            "100 * (ora_log_appended_bytes_total - ora_log_appended_bytes_total offset 600000ms) / "
            "(ora_log_storage_bytes offset 600000ms > 0) > 50");
}

TEST_F(BuiltinRulesTest, ErrorRatesNeedAtLeastOneLineWhateverIsConfigured) {
  config_.set_error_rate_lines_min(0);
  EXPECT_THAT(Find("LogErrorRate").expression, ::testing::HasSubstr(" >= 1) > 10"));
}

TEST_F(BuiltinRulesTest, ComponentsAreQuoted) {
  config::v1::ComponentLimit& limit = *config_.add_components();
  limit.set_component("a\"}\\");
  limit.set_memory_bytes_max(5);
  EXPECT_EQ(Find("ComponentMemory").expression,
            "sum by (instance, job, component) "
            "(process_resident_memory_bytes{component=\"a\\\"}\\\\\"}) > 5");
}

TEST_F(BuiltinRulesTest, EveryRuleSaysWhatItIsAndWhatToDo) {
  config_.mutable_pending_duration()->set_seconds(7);
  for (const AlertRule& rule : BuiltinRules(config_)) {
    EXPECT_NE(rule.type, v1::ALERT_TYPE_UNSPECIFIED) << rule.name;
    EXPECT_NE(rule.severity, v1::SEVERITY_UNSPECIFIED) << rule.name;
    EXPECT_TRUE(rule.annotations.Has("summary")) << rule.name;
    EXPECT_TRUE(rule.annotations.Has("description")) << rule.name;
    EXPECT_FALSE(rule.recommended_action.empty()) << rule.name;
    EXPECT_EQ(rule.pending_duration, absl::Seconds(7));
    EXPECT_TRUE(AnnotationTemplate::Parse(rule.recommended_action).ok()) << rule.name;
    for (const storage::LabelView annotation : rule.annotations) {
      EXPECT_TRUE(AnnotationTemplate::Parse(annotation.value).ok()) << rule.name;
    }
  }
}

}  // namespace
}  // namespace ora::aggregator
