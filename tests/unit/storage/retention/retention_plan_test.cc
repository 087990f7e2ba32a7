#include "storage/retention/retention_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kDay = absl::Hours(24);

RetentionRule Rule(const std::string& name, const std::string& metric, absl::Duration raw) {
  return {name,
          {Matcher::Make(kMetricNameLabel, MatchType::kRegex, metric).value()},
          {.raw = raw, .five_minutes = absl::ZeroDuration(), .one_hour = absl::ZeroDuration()}};
}

RetentionPlan Plan(std::vector<RetentionRule> rules = {}) {
  return RetentionPlan::Make(Retention{}, std::move(rules)).value();
}

absl::Time AtDay(double day) { return absl::UnixEpoch() + day * kDay; }

std::string ErrorOf(const Retention& fallback, std::vector<RetentionRule> rules) {
  const auto plan = RetentionPlan::Make(fallback, std::move(rules));
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(plan.status().message());
}

TEST(RetentionPlanTest, TakesTheFirstRuleThatMatchesAndElseTheDefault) {
  const RetentionPlan plan =
      Plan({Rule("debug", "debug_.*", absl::Hours(2)), Rule("late", "debug_late|up", kDay)});
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan.RuleOf(Labels{{"__name__", "debug_late"}}), 0u);
  EXPECT_EQ(plan.RuleOf(Labels{{"__name__", "up"}, {"job", "node"}}), 1u);
  EXPECT_EQ(plan.RuleOf(Labels{{"__name__", "cpu"}}), 2u);
  EXPECT_EQ(plan.name(0), "debug");
  EXPECT_EQ(plan.name(2), "default");
  EXPECT_EQ(plan.retention(1).raw, kDay);
}

TEST(RetentionPlanTest, AsksThatAllMatchersOfARuleMatch) {
  RetentionRule rule = Rule("debug", "debug_.*", absl::Hours(2));
  rule.matchers.push_back(Matcher::Equal("job", "test"));
  rule.matchers.push_back(Matcher::Equal("keep", ""));
  const RetentionPlan plan = Plan({rule});
  EXPECT_EQ(plan.RuleOf(Labels{{"__name__", "debug_a"}, {"job", "test"}}), 0u);
  EXPECT_EQ(plan.RuleOf(Labels{{"__name__", "debug_a"}}), 1u);
  EXPECT_EQ(plan.RuleOf(Labels{{"__name__", "debug_a"}, {"job", "test"}, {"keep", "1"}}), 1u);
}

TEST(RetentionPlanTest, KeepsWhatARuleThatIsGoneLeftBehindAsLongAsTheDefaultSays) {
  const RetentionPlan plan = Plan({Rule("debug", "debug_.*", absl::Hours(2))});
  EXPECT_EQ(plan.retention_of("debug").raw, absl::Hours(2));
  EXPECT_EQ(plan.retention_of("gone").raw, 30 * kDay);
  EXPECT_EQ(plan.KeptFor(Resolution::kRaw, "gone"), 30 * kDay);
  EXPECT_EQ(plan.KeptFor(Resolution::kFiveMinutes, "default"), 180 * kDay);
  EXPECT_EQ(plan.KeptFor(Resolution::kOneHour, "default"), 730 * kDay);
  EXPECT_EQ(plan.KeptFor(Resolution::kOneHour, "debug"), absl::ZeroDuration());
}

TEST(RetentionPlanTest, TakesAsManyRulesAsAreAllowedAndNoMore) {
  std::vector<RetentionRule> rules;
  for (size_t i = 0; i < kRetentionRulesMax; ++i) {
    rules.push_back(Rule(absl::StrCat("rule_", i), "a", kDay));
  }
  EXPECT_EQ(Plan(rules).size(), kRetentionRulesMax + 1);
  rules.push_back(Rule("one_more", "a", kDay));
  EXPECT_EQ(ErrorOf({}, rules), "there are 9 retention rules; at most 8 are allowed");
}

TEST(RetentionPlanTest, RefusesNamesThatMakeNoPartition) {
  EXPECT_TRUE(RetentionPlan::Make({}, {Rule(std::string(32, 'a'), "a", kDay)}).ok());
  EXPECT_THAT(ErrorOf({}, {Rule(std::string(33, 'a'), "a", kDay)}), HasSubstr("33 bytes"));
  EXPECT_THAT(ErrorOf({}, {Rule("", "a", kDay)}), HasSubstr("1 to 32"));
  EXPECT_THAT(ErrorOf({}, {Rule("Debug", "a", kDay)}), HasSubstr("`Debug`"));
  EXPECT_THAT(ErrorOf({}, {Rule("a.b", "a", kDay)}), HasSubstr("[a-z0-9_]"));
  EXPECT_THAT(ErrorOf({}, {Rule("default", "a", kDay)}), HasSubstr("choose another"));
  EXPECT_THAT(ErrorOf({}, {Rule("a", "a", kDay), Rule("a", "b", kDay)}), HasSubstr("twice"));
}

TEST(RetentionPlanTest, RefusesARuleForEverything) {
  RetentionRule rule = Rule("all", "a", kDay);
  rule.matchers.clear();
  EXPECT_EQ(ErrorOf({}, {rule}), "retention rule `all` matches every series; write what it is for");
}

TEST(RetentionPlanTest, RefusesRawSamplesForLessThanAnHour) {
  EXPECT_TRUE(RetentionPlan::Make({}, {Rule("a", "a", absl::Hours(1))}).ok());
  EXPECT_EQ(ErrorOf({}, {Rule("a", "a", absl::Minutes(59))}),
            "retention rule `a` keeps raw samples for 59m; write 1h or more");
  EXPECT_THAT(ErrorOf({.raw = absl::Seconds(1)}, {}), HasSubstr("`default`"));
}

TEST(RetentionPlanTest, RefusesATierThatEndsBeforeTheFinerOnes) {
  EXPECT_TRUE(RetentionPlan::Make({kDay, kDay, kDay}, {}).ok());
  EXPECT_EQ(
      ErrorOf({.raw = kDay, .five_minutes = absl::Hours(23)}, {}),
      "retention rule `default` keeps the 5 min tier for 23h, less than raw samples with 24h; "
      "write that or more, or 0 not to keep it");
  EXPECT_THAT(ErrorOf({2 * kDay, absl::ZeroDuration(), kDay}, {}),
              HasSubstr("the 1 h tier for 24h, less than raw samples"));
  EXPECT_THAT(ErrorOf({kDay, 3 * kDay, 2 * kDay}, {}),
              HasSubstr("the 1 h tier for 48h, less than the 5 min tier with 72h"));
  EXPECT_TRUE(RetentionPlan::Make({kDay, absl::ZeroDuration(), 2 * kDay}, {}).ok());
}

TEST(RetentionPlanTest, LetsAPartitionGoWhenTheNewestSampleItMayHoldIsTooOld) {
  const RetentionPlan plan = Plan();
  const PartitionId raw{Resolution::kRaw, "default", 100};
  EXPECT_FALSE(plan.IsExpired(raw, AtDay(131) - absl::Milliseconds(1)));
  EXPECT_TRUE(plan.IsExpired(raw, AtDay(131)));
  const PartitionId five{Resolution::kFiveMinutes, "default", 96};
  EXPECT_FALSE(plan.IsExpired(five, AtDay(104 + 180) - absl::Milliseconds(1)));
  EXPECT_TRUE(plan.IsExpired(five, AtDay(104 + 180)));
  const PartitionId hours{Resolution::kOneHour, "default", 64};
  EXPECT_FALSE(plan.IsExpired(hours, AtDay(128 + 730) - absl::Milliseconds(1)));
  EXPECT_TRUE(plan.IsExpired(hours, AtDay(128 + 730)));
}

TEST(RetentionPlanTest, LetsATierThatIsNotKeptGoAtOnceAndKeepsEndlessOnesForEver) {
  const RetentionPlan plan = RetentionPlan::Make({.raw = absl::InfiniteDuration(),
                                                  .five_minutes = absl::ZeroDuration(),
                                                  .one_hour = absl::ZeroDuration()},
                                                 {})
                                 .value();
  EXPECT_TRUE(plan.IsExpired({Resolution::kFiveMinutes, "default", 96}, AtDay(97)));
  EXPECT_FALSE(plan.IsExpired({Resolution::kRaw, "default", 0}, AtDay(1'000'000)));
}

TEST(RetentionPlanTest, NamesTheExpiredOfAList) {
  const RetentionPlan plan = Plan({Rule("debug", "debug_.*", kDay)});
  const PartitionId old_debug{Resolution::kRaw, "debug", 97};
  const PartitionId old_default{Resolution::kRaw, "default", 60};
  const std::vector<PartitionSize> partitions = {{old_debug, 1},
                                                 {{Resolution::kRaw, "debug", 98}, 1},
                                                 {old_default, 1},
                                                 {{Resolution::kRaw, "default", 98}, 1}};
  EXPECT_THAT(plan.Expired(partitions, AtDay(99.5)), ElementsAre(old_debug, old_default));
}

class ExpireEarlyTest : public ::testing::Test {
 protected:
  const PartitionId small_{Resolution::kRaw, "debug", 97};
  const PartitionId large_{Resolution::kRaw, "default", 97};
  const PartitionId next_{Resolution::kRaw, "default", 98};
  const PartitionId today_{Resolution::kRaw, "default", 99};
  const PartitionId tomorrow_{Resolution::kRaw, "default", 100};
  const PartitionId tier_{Resolution::kFiveMinutes, "default", 80};
  const std::vector<PartitionSize> partitions_ = {{small_, 10}, {today_, 100},    {next_, 50},
                                                  {large_, 40}, {tomorrow_, 100}, {tier_, 1'000}};
  const absl::Time now_ = AtDay(99.5);
};

TEST_F(ExpireEarlyTest, TakesNothingWithinTheLimitOrWithoutOne) {
  EXPECT_THAT(ExpireEarly(partitions_, {1'300, 1'300}, now_).partitions, IsEmpty());
  EXPECT_THAT(ExpireEarly(partitions_, {1'300, 0}, now_).partitions, IsEmpty());
  EXPECT_EQ(ExpireEarly(partitions_, {1'300, 0}, now_).bytes_left, 1'300u);
}

TEST_F(ExpireEarlyTest, TakesTheOldestRawFirstAndStopsAtTheLimit) {
  const EarlyExpiry one = ExpireEarly(partitions_, {1'300, 1'260}, now_);
  EXPECT_THAT(one.partitions, ElementsAre(large_));
  EXPECT_EQ(one.bytes_left, 1'260u);
  EXPECT_THAT(ExpireEarly(partitions_, {1'300, 1'259}, now_).partitions,
              ElementsAre(large_, small_));
}

TEST_F(ExpireEarlyTest, LeavesTodayAndTheTiersEvenWhenThatIsNotEnough) {
  const EarlyExpiry all = ExpireEarly(partitions_, {1'300, 1}, now_);
  EXPECT_THAT(all.partitions, ElementsAre(large_, small_, next_));
  EXPECT_EQ(all.bytes_left, 1'200u);
}

TEST_F(ExpireEarlyTest, DoesNotCountBelowNothing) {
  EXPECT_EQ(ExpireEarly({{large_, 500}}, {300, 100}, now_).bytes_left, 0u);
}

}  // namespace
}  // namespace ora::storage
