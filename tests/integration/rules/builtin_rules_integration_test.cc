// The built-in rules over the real engine: what the product promises about its thresholds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "aggregator/promql/engine.h"
#include "aggregator/rules/alert_report.h"
#include "aggregator/rules/builtin_rules.h"
#include "aggregator/rules/rule_group.h"
#include "proto/contract/config_checks.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/fakes/memory_series.h"
#include "tests/fakes/memory_state_store.h"

namespace ora::aggregator {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kTick = absl::Seconds(10);

class BuiltinRulesIntegrationTest : public ::testing::Test {
 protected:
  BuiltinRulesIntegrationTest() { contract::FillDefaults(config_); }

  static storage::Labels Log(const std::string& metric, storage::Labels more = {}) {
    more.Set("__name__", metric);
    more.Set("instance", "web-1");
    more.Set("job", "log");
    more.Set("component", "scheduler");
    more.Set("category", "application");
    more.Set("log", "/srv/scheduler.log");
    return more;
  }

  // Samples every 10 s from `age` ago until now: `from` but the last, which is `to`.
  void Moves(const storage::Labels& series, double from, double to,
             absl::Duration age = absl::Minutes(15)) {
    std::vector<storage::Sample> samples;
    const absl::Time now = clock_.Now();
    for (absl::Duration back = age; back > absl::ZeroDuration(); back -= kTick) {
      samples.push_back({absl::ToUnixMillis(now - back), from});
    }
    samples.push_back({absl::ToUnixMillis(now), to});
    series_.Add(series, samples);
  }

  void Lines(double errors, double others, absl::Duration age = absl::Minutes(15)) {
    Moves(Log("ora_log_lines_total", {{"level", "error"}}), 7, 7 + errors, age);
    Moves(Log("ora_log_lines_total", {{"level", "info"}}), 1000, 1000 + others, age);
  }

  // `fast` responses of at most 1.5 s, `slow` ones in the bucket that ends at `slow_bound`.
  void Responses(double fast, double slow, const std::string& slow_bound) {
    double in_all = 0;
    for (const std::string bound : {"1.5", "1.75", "2", "2.25", "2.5", "+Inf"}) {
      if (bound == "1.5") in_all += fast;
      if (bound == slow_bound) in_all += slow;
      Moves(Log("ora_log_response_seconds_bucket", {{"le", bound}}), 3, 3 + in_all);
    }
  }

  std::vector<v1::Alert> Evaluate() {
    RuleGroupOptions options;
    options.name = "builtin";
    options.rules = BuiltinRules(config_.alerts());
    const EvaluateFn evaluate = [this](const std::string& expression,
                                       int64_t time_millis) -> absl::StatusOr<Evaluation> {
      auto result = engine_.Instant(expression, time_millis, {});
      if (!result.ok()) return result.status();
      Evaluation evaluation;
      for (auto& sample : std::get<promql::InstantVector>(result->value)) {
        evaluation.series.push_back({sample.labels, sample.value});
      }
      return evaluation;
    };
    auto group = RuleGroup::Open(
        options, evaluate, [](const std::string&) { return Liveness::kLive; }, nullptr, state_,
        clock_, log_, counters_);
    EXPECT_TRUE(group.ok()) << group.status();
    EXPECT_TRUE((*group)->EvaluateOnce().ok());
    EXPECT_EQ(counters_.Get("ora_rule_evaluation_failures_total").Value(), 0u)
        << ::testing::PrintToString(log_.Lines());
    return (*group)->Alerts();
  }

  std::string OnlyReport(const std::string& rule) {
    const std::vector<v1::Alert> alerts = Evaluate();
    EXPECT_EQ(alerts.size(), 1u);
    if (alerts.empty()) return "";
    EXPECT_EQ(alerts[0].rule(), rule);
    EXPECT_EQ(alerts[0].state(), v1::ALERT_STATE_FIRING);
    return AlertReportMarkdown(MakeAlertReport(alerts[0], clock_.Now()));
  }

  config::v1::AggregatorConfig config_;
  fakes::MemorySeries series_;
  promql::Engine engine_{series_};
  fakes::ManualClock clock_;
  fakes::MemoryLogSink log_;
  fakes::MemoryStateStore state_;
  storage::Counters counters_;
};

TEST_F(BuiltinRulesIntegrationTest, GrowthOf6451PercentIsReportedAsThat) {
  Moves(Log("ora_log_appended_bytes_total"), 5'000, 11'451);
  Moves(Log("ora_log_storage_bytes"), 10'000, 12'000);
  EXPECT_EQ(OnlyReport("LogGrowth"),
            "## Alert Report\n"
            "- Timestamp: 2026-01-01T00:00:00Z\n"
            "- Alert Type: Growth\n"
            "- Severity: Warning\n"
            "- Affected Component: scheduler (/srv/scheduler.log on web-1)\n"
            "- Current Value: 64.51 %\n"
            "- Threshold: 50.00 %\n"
            "- Recommended Action: Rotate the log and keep fewer backups, or lower the level at "
            "which scheduler logs; look at what fills it with `ora logs analyze "
            "web-1:/srv/scheduler.log`\n");
}

TEST_F(BuiltinRulesIntegrationTest, GrowthOf49PercentAndOfTheThresholdItselfRaiseNothing) {
  Moves(Log("ora_log_appended_bytes_total"), 5'000, 9'900);
  Moves(Log("ora_log_storage_bytes"), 10'000, 14'900);
  EXPECT_TRUE(Evaluate().empty());
  series_.Clear();
  Moves(Log("ora_log_appended_bytes_total"), 5'000, 10'000);
  Moves(Log("ora_log_storage_bytes"), 10'000, 15'000);
  EXPECT_TRUE(Evaluate().empty());
}

TEST_F(BuiltinRulesIntegrationTest, GrowthFromNothingIsNotJudged) {
  Moves(Log("ora_log_appended_bytes_total"), 0, 9'000);
  Moves(Log("ora_log_storage_bytes"), 0, 9'000);
  EXPECT_TRUE(Evaluate().empty());
}

TEST_F(BuiltinRulesIntegrationTest, ErrorRateOf101PerMilleRaises) {
  config_.mutable_alerts()->set_error_burst_lines(1'000);
  Lines(101, 899);
  EXPECT_THAT(OnlyReport("LogErrorRate"), HasSubstr("- Current Value: 10.10 %\n"));
}

TEST_F(BuiltinRulesIntegrationTest, ErrorRateOf99PerMilleRaisesNothing) {
  config_.mutable_alerts()->set_error_burst_lines(1'000);
  Lines(99, 901);
  EXPECT_TRUE(Evaluate().empty());
}

TEST_F(BuiltinRulesIntegrationTest, ErrorRateOfAYoungLogIsJudgedSinceItWasFirstSeen) {
  Lines(10, 40, absl::Minutes(2));
  EXPECT_THAT(OnlyReport("LogErrorRate"), HasSubstr("- Current Value: 20.00 %\n"));
}

TEST_F(BuiltinRulesIntegrationTest, TooFewLinesAreNotJudgedByTheirRate) {
  Lines(10, 9);
  EXPECT_TRUE(Evaluate().empty());
  series_.Clear();
  Lines(10, 10);
  EXPECT_EQ(Evaluate().size(), 1u);
}

TEST_F(BuiltinRulesIntegrationTest, ABurstIsManyErrorsWithinAMinute) {
  Lines(99, 10'000);
  EXPECT_TRUE(Evaluate().empty());
  series_.Clear();
  Lines(100, 10'000);
  EXPECT_THAT(OnlyReport("LogErrorBurst"), HasSubstr("- Current Value: 100 errors\n"));
}

TEST_F(BuiltinRulesIntegrationTest, AP95Of21SecondsRaises) {
  Responses(110, 10, "2.25");  // Rank 114 of 120: 2 + 0.25 * 4 / 10.
  EXPECT_THAT(OnlyReport("SlowResponses"), HasSubstr("- Current Value: 2.10 s\n"));
}

TEST_F(BuiltinRulesIntegrationTest, AP95Of19SecondsRaisesNothing) {
  Responses(70, 10, "2");  // Rank 76 of 80: 1.75 + 0.25 * 6 / 10.
  EXPECT_TRUE(Evaluate().empty());
}

TEST_F(BuiltinRulesIntegrationTest, ComponentsAreJudgedByTheirLimits) {
  config::v1::ComponentLimit& limit = *config_.mutable_alerts()->add_components();
  limit.set_component("api");
  limit.set_memory_bytes_max(1'000);
  limit.set_cpu_percent_max(150);
  storage::Labels process{{"instance", "web-1"}, {"job", "process"}, {"component", "api"}};
  process.Set("__name__", "process_resident_memory_bytes");
  Moves(process, 1'000, 1'001);
  EXPECT_THAT(OnlyReport("ComponentMemory"), HasSubstr("api (on web-1)"));
  series_.Clear();
  Moves(process, 2'000, 1'000);
  EXPECT_EQ(Evaluate()[0].state(), v1::ALERT_STATE_RESOLVED);
}

TEST_F(BuiltinRulesIntegrationTest, CpuIsInPercentOfOneProcessor) {
  config::v1::ComponentLimit& limit = *config_.mutable_alerts()->add_components();
  limit.set_component("api");
  limit.set_cpu_percent_max(150);
  std::vector<storage::Sample> samples;
  for (int i = -90; i <= 0; ++i) {
    samples.push_back({absl::ToUnixMillis(clock_.Now() + i * kTick), 1'000 + i * 10 * 1.75});
  }
  series_.Add({{"__name__", "process_cpu_seconds_total"},
               {"instance", "web-1"},
               {"job", "process"},
               {"component", "api"}},
              samples);
  EXPECT_THAT(OnlyReport("ComponentCpu"), HasSubstr("- Current Value: 175.00 %\n"));
}

TEST_F(BuiltinRulesIntegrationTest, ASilentHostRaises) {
  Moves({{"__name__", "up"}, {"instance", "web-1"}, {"job", "ora"}}, 1, 0);
  Moves({{"__name__", "up"}, {"instance", "web-2"}, {"job", "ora"}}, 0, 1);
  const std::string report = OnlyReport("HostSilent");
  EXPECT_THAT(report, HasSubstr("- Severity: Critical\n- Affected Component: web-1\n"));
  EXPECT_THAT(report, HasSubstr("- Threshold: none\n"));
}

}  // namespace
}  // namespace ora::aggregator
