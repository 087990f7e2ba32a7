#include "aggregator/rules/rule_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "tests/unit/aggregator/rules/scripted_rules.h"

namespace ora::aggregator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RuleGroupTest : public ScriptedRules {};

TEST_F(RuleGroupTest, FiresAtOnceWithoutAPendingDuration) {
  Restart();
  Answers(64.51);
  EvaluateNow();
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EXPECT_THAT(Told(), ElementsAre(kFiring));
  const v1::Alert alert = Only();
  EXPECT_EQ(alert.rule(), "Growth");
  EXPECT_EQ(alert.value(), 64.51);
  EXPECT_EQ(alert.threshold(), 50);
  EXPECT_EQ(alert.id().size(), 16u);
  ASSERT_EQ(alert.labels().labels_size(), 2);
  EXPECT_EQ(alert.labels().labels(0).name(), "instance");
  ASSERT_EQ(alert.annotations_size(), 1);
  EXPECT_EQ(alert.annotations(0).value(), "/a at 64.51");
  EXPECT_EQ(alert.recommended_action(), "look at /a");
  EXPECT_EQ(Since(alert.firing_time()), absl::ZeroDuration());
}

TEST_F(RuleGroupTest, FiresWhenTheConditionHasHeldForThePendingDuration) {
  rule().pending_duration = absl::Seconds(30);
  Restart();
  Answers(60);
  EvaluateNow();
  EXPECT_THAT(States(), ElementsAre(kPending));
  EvaluateAfter(absl::Milliseconds(29'999));
  EXPECT_THAT(States(), ElementsAre(kPending));
  EvaluateAfter(absl::Milliseconds(1));
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EXPECT_EQ(Since(Only().pending_time()), absl::Seconds(30));
  EXPECT_THAT(Told(), ElementsAre(kPending, kFiring));
}

TEST_F(RuleGroupTest, PendingGoesBackToInactiveAndBeginsAnew) {
  rule().pending_duration = absl::Seconds(30);
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), IsEmpty());
  Answers(60);
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kPending));
  EXPECT_EQ(Since(Only().pending_time()), absl::ZeroDuration());
}

TEST_F(RuleGroupTest, ResolvesWhenTheExpressionAnswersNoMore) {
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kResolved));
  EXPECT_EQ(Since(Only().resolve_time()), absl::ZeroDuration());
  EXPECT_EQ(Since(Only().last_true_time()), absl::Seconds(15));
  EXPECT_THAT(Told(), ElementsAre(kFiring, kResolved));
}

TEST_F(RuleGroupTest, FiresAgainUnderTheSameIdAfterItResolved) {
  Restart();
  Answers(60);
  EvaluateNow();
  const std::string id = Only().id();
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  Answers(70);
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EXPECT_EQ(Only().id(), id);
  EXPECT_FALSE(Only().has_resolve_time());
  EXPECT_EQ(Since(Only().pending_time()), absl::ZeroDuration());
}

TEST_F(RuleGroupTest, FiresOnForTheKeepFiringDuration) {
  rule().keep_firing_duration = absl::Seconds(60);
  Restart();
  Answers(60);
  EvaluateNow();
  EXPECT_FALSE(Only().has_keep_firing_since_time());
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  EXPECT_EQ(Since(Only().keep_firing_since_time()), absl::ZeroDuration());
  EvaluateAfter(absl::Milliseconds(59'999));
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EXPECT_EQ(Since(Only().keep_firing_since_time()), absl::Milliseconds(59'999));
  EvaluateAfter(absl::Milliseconds(1));
  EXPECT_THAT(States(), ElementsAre(kResolved));
  EXPECT_FALSE(Only().has_keep_firing_since_time());
}

TEST_F(RuleGroupTest, AnAnswerBeginsTheKeepFiringDurationAnew) {
  rule().keep_firing_duration = absl::Seconds(60);
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  Answers(60);
  EvaluateAfter(absl::Seconds(50));
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  EvaluateAfter(absl::Seconds(59));
  EXPECT_THAT(States(), ElementsAre(kFiring));
}

TEST_F(RuleGroupTest, HoldsAsUnknownWhileTheHostIsSilent) {
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  HostIs(Liveness::kSilent);
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kUnknown));
  EvaluateAfter(absl::Hours(48));
  EXPECT_THAT(States(), ElementsAre(kUnknown));
  EXPECT_THAT(Told(), ElementsAre(kFiring, kUnknown));
}

TEST_F(RuleGroupTest, FiresOnWhileTheHostIsSilentAndItsSeriesStillAnswers) {
  Restart();
  Answers(60);
  HostIs(Liveness::kSilent);
  EvaluateNow();
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kFiring));
}

TEST_F(RuleGroupTest, AnUnknownAlertFiresAgainWhenItsSeriesAnswersAgain) {
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  HostIs(Liveness::kSilent);
  EvaluateAfter(absl::Seconds(15));
  HostIs(Liveness::kLive);
  Answers(61);
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EXPECT_EQ(Since(Only().firing_time()), absl::Seconds(30));
}

TEST_F(RuleGroupTest, AnUnknownAlertResolvesWhenTheHostIsBackAndTheExpressionDoesNotAnswer) {
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  HostIs(Liveness::kSilent);
  EvaluateAfter(absl::Seconds(15));
  HostIs(Liveness::kLive);
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kResolved));
  EXPECT_THAT(Told(), ElementsAre(kFiring, kUnknown, kResolved));
}

TEST_F(RuleGroupTest, APendingAlertOfASilentHostIsDropped) {
  rule().pending_duration = absl::Seconds(30);
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  HostIs(Liveness::kSilent);
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), IsEmpty());
}

TEST_F(RuleGroupTest, AnAlertAboutSilenceItselfResolvesWithoutItsHost) {
  rule().type = v1::ALERT_TYPE_AVAILABILITY;
  Restart();
  Answers(0);
  HostIs(Liveness::kSilent);
  EvaluateNow();
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kResolved));
}

TEST_F(RuleGroupTest, AnAlertOfAHostThatWasNeverHeardResolves) {
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  HostIs(Liveness::kUnheardOf);
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kResolved));
}

TEST_F(RuleGroupTest, AFailedEvaluationChangesNothing) {
  options_.rules.push_back(Rule("Other"));
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  error_ = absl::UnavailableError("the disk is away");
  EvaluateAfter(absl::Seconds(15));
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EXPECT_EQ(counters_.Get("ora_rule_evaluation_failures_total").Value(), 4u);
  EXPECT_TRUE(log_.Contains("rule Growth: the disk is away"));
  EXPECT_EQ(log_.Lines().size(), 3u);  // Firing, and each rule's failure once.
}

TEST_F(RuleGroupTest, APartialEvaluationNeitherFiresNorResolves) {
  Restart();
  partial_ = true;
  Answers(60);
  EvaluateNow();
  EXPECT_THAT(States(), IsEmpty());
  partial_ = false;
  EvaluateNow();
  partial_ = true;
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EXPECT_EQ(counters_.Get("ora_rule_partial_evaluations_total").Value(), 2u);
}

TEST_F(RuleGroupTest, AResolvedAlertIsKeptForItsRetention) {
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  EvaluateAfter(absl::Hours(24) - absl::Milliseconds(1));
  EXPECT_THAT(States(), ElementsAre(kResolved));
  EvaluateAfter(absl::Milliseconds(1));
  EXPECT_THAT(States(), IsEmpty());
  EXPECT_TRUE(state_.Scan("alert", "", 10)->empty());
}

TEST_F(RuleGroupTest, RulesOfOneNameJudgeTheirOwnAlertsOnly) {
  AlertRule api = Rule("Memory"), db = Rule("Memory");
  api.labels = {{"component", "api"}};
  db.labels = {{"component", "db"}};
  db.expression = "db";
  options_.rules = {api, db};
  Restart();
  answers_[api.expression] = {{{{"instance", "web"}}, 1}};
  answers_["db"] = {{{{"instance", "web"}}, 2}};
  EvaluateNow();
  EXPECT_THAT(States(), ElementsAre(kFiring, kFiring));
  answers_.erase("db");
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kFiring, kResolved));
  EXPECT_EQ(group_->Alerts()[0].labels().labels(0).value(), "api");
}

TEST_F(RuleGroupTest, TwoSeriesThatAreOneAlertAreAnError) {
  rule().labels = {{"log", "all"}};
  Restart();
  answers_[rule().expression] = {{Log("/a"), 1}, {Log("/b"), 2}};
  EvaluateNow();
  EXPECT_THAT(States(), IsEmpty());
  EXPECT_EQ(counters_.Get("ora_rule_evaluation_failures_total").Value(), 1u);
}

TEST_F(RuleGroupTest, ListsTheWorstFirst) {
  AlertRule critical = Rule("Critical"), pending = Rule("Pending");
  critical.severity = v1::SEVERITY_CRITICAL;
  pending.pending_duration = absl::Hours(1);
  options_.rules = {Rule("Growth"), pending, critical};
  Restart();
  for (const AlertRule& each : options_.rules) answers_[each.expression] = {{Log("/a"), 1}};
  EvaluateNow();
  const std::vector<v1::Alert> alerts = group_->Alerts();
  ASSERT_EQ(alerts.size(), 3u);
  EXPECT_EQ(alerts[0].rule(), "Critical");
  EXPECT_EQ(alerts[1].rule(), "Growth");
  EXPECT_EQ(alerts[2].rule(), "Pending");
}

TEST_F(RuleGroupTest, EvaluatesEveryIntervalOnItsOwnThread) {
  absl::Notification second;
  int evaluations = 0;
  const auto evaluate = [&](const std::string&, int64_t) {
    if (++evaluations == 2) second.Notify();
    return Evaluation();
  };
  auto group = RuleGroup::Open(
      options_, evaluate, [](const std::string&) { return Liveness::kLive; }, nullptr, state_,
      clock_, log_, counters_);
  ASSERT_TRUE(group.ok());
  (*group)->Start();
  ASSERT_TRUE(clock_.AwaitWaiters(1));
  clock_.Advance(absl::Milliseconds(14'999));
  EXPECT_FALSE(second.HasBeenNotified());
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(second.WaitForNotificationWithTimeout(absl::Seconds(10)));
  (*group)->Stop();
}

}  // namespace
}  // namespace ora::aggregator
