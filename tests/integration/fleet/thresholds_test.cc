// The built-in rules at their thresholds: from lines in a file to the report of an alert.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/integration/fleet/mini_fleet.h"

namespace ora::integration {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kWindow = absl::Minutes(10);

std::string Bytes(size_t size) {  // One line of that many bytes.
  return std::string(size - 1, 'x') + "\n";
}

std::string Lines(int count, absl::string_view line) {
  std::string lines;
  for (int i = 0; i < count; ++i) absl::StrAppend(&lines, line, "\n");
  return lines;
}

TEST(ThresholdsTest, ALogThatGrowsBy64Point51PercentRaisesTheGrowthAlertWithThatValue) {
  MiniFleet fleet;
  fleet.Append("scheduler.log", Bytes(10'000));
  fleet.Advance(absl::Seconds(30));
  fleet.Append("scheduler.log", Bytes(6'451));
  fleet.Advance(kWindow);
  const auto alert = fleet.Judge("LogGrowth", "scheduler.log");
  ASSERT_TRUE(alert.has_value());
  EXPECT_EQ(alert->type(), v1::ALERT_TYPE_GROWTH);
  const std::string report = fleet.Report(*alert);
  EXPECT_THAT(report, HasSubstr("## Alert Report\n"));
  EXPECT_THAT(report, HasSubstr("- Alert Type: Growth\n"));
  EXPECT_THAT(report, HasSubstr("- Current Value: 64.51 %\n"));
  EXPECT_THAT(report, HasSubstr("- Threshold: 50.00 %\n"));
  EXPECT_THAT(report, HasSubstr("scheduler"));
}

TEST(ThresholdsTest, ALogThatGrowsBy49PercentDoesNot) {
  MiniFleet fleet;
  fleet.Append("scheduler.log", Bytes(10'000));
  fleet.Advance(absl::Seconds(30));
  fleet.Append("scheduler.log", Bytes(4'900));
  fleet.Advance(kWindow);
  EXPECT_FALSE(fleet.Judge("LogGrowth", "scheduler.log").has_value());
}

TEST(ThresholdsTest, AnErrorRateOf10Point1PercentRaises) {
  MiniFleet fleet;
  fleet.Append("shop.log", Lines(10, "INFO before"));
  fleet.Advance(absl::Seconds(30));
  fleet.Append("shop.log", Lines(101, "ERROR broken") + Lines(899, "INFO fine"));
  fleet.Advance(kWindow);
  const auto alert = fleet.Judge("LogErrorRate", "shop.log");
  ASSERT_TRUE(alert.has_value());
  EXPECT_THAT(fleet.Report(*alert), HasSubstr("- Current Value: 10.10 %\n"));
}

TEST(ThresholdsTest, AnErrorRateOf9Point9PercentDoesNot) {
  MiniFleet fleet;
  fleet.Append("shop.log", Lines(10, "INFO before"));
  fleet.Advance(absl::Seconds(30));
  fleet.Append("shop.log", Lines(99, "ERROR broken") + Lines(901, "INFO fine"));
  fleet.Advance(kWindow);
  EXPECT_FALSE(fleet.Judge("LogErrorRate", "shop.log").has_value());
}

TEST(ThresholdsTest, AP95Of2Point1SecondsRaises) {
  MiniFleet fleet;
  fleet.Append("web.log", Lines(1, "INFO request took 0.1 s"));
  fleet.Advance(absl::Seconds(30));
  fleet.Append("web.log",
               Lines(90, "INFO request took 0.1 s") + Lines(10, "INFO request took 2.1 s"));
  fleet.Advance(kWindow);
  const auto alert = fleet.Judge("SlowResponses", "web.log");
  ASSERT_TRUE(alert.has_value());
  EXPECT_EQ(alert->type(), v1::ALERT_TYPE_PERFORMANCE);
  EXPECT_GT(alert->value(), 2.0);
  EXPECT_LE(alert->value(), 2.25);
}

TEST(ThresholdsTest, AP95Of1Point9SecondsDoesNot) {
  MiniFleet fleet;
  fleet.Append("web.log", Lines(1, "INFO request took 0.1 s"));
  fleet.Advance(absl::Seconds(30));
  fleet.Append("web.log",
               Lines(90, "INFO request took 0.1 s") + Lines(10, "INFO request took 1.9 s"));
  fleet.Advance(kWindow);
  EXPECT_FALSE(fleet.Judge("SlowResponses", "web.log").has_value());
}

TEST(ThresholdsTest, AnAlertAndItsCountersOutliveARestartOfEachPart) {
  MiniFleet fleet;
  fleet.Append("scheduler.log", Bytes(10'000));
  fleet.Advance(absl::Seconds(30));
  fleet.Append("scheduler.log", Bytes(6'451));
  fleet.Advance(kWindow);
  const auto before = fleet.Judge("LogGrowth", "scheduler.log");
  ASSERT_TRUE(before.has_value());
  fleet.RestartCollector();
  fleet.RestartAggregator();
  const auto after = fleet.Judge("LogGrowth", "scheduler.log");
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(after->id(), before->id());
  EXPECT_EQ(after->firing_time().seconds(), before->firing_time().seconds());
  fleet.Append("scheduler.log", Bytes(100));
  fleet.Advance(absl::Seconds(10));
  EXPECT_EQ(fleet.Value("ora_log_appended_bytes_total"), 16'551);
  EXPECT_EQ(fleet.Value("sum(ora_log_lines_total)"), 3);
}

TEST(ThresholdsTest, AnAlertResolvesWhenTheGrowthIsOver) {
  MiniFleet fleet;
  fleet.Append("scheduler.log", Bytes(10'000));
  fleet.Advance(absl::Seconds(30));
  fleet.Append("scheduler.log", Bytes(6'451));
  fleet.Advance(kWindow);
  ASSERT_TRUE(fleet.Judge("LogGrowth", "scheduler.log").has_value());
  fleet.Advance(absl::Seconds(20));
  EXPECT_FALSE(fleet.Judge("LogGrowth", "scheduler.log").has_value());
}

}  // namespace
}  // namespace ora::integration
