// What a restart in each state leaves as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/aggregator/rules/scripted_rules.h"

namespace ora::aggregator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RuleGroupRestartTest : public ScriptedRules {};

TEST_F(RuleGroupRestartTest, APendingTimerGoesOn) {
  rule().pending_duration = absl::Seconds(30);
  Restart();
  Answers(60);
  EvaluateNow();
  Restart();
  EXPECT_THAT(States(), ElementsAre(kPending));
  EvaluateAfter(absl::Milliseconds(29'999));
  EXPECT_THAT(States(), ElementsAre(kPending));
  EvaluateAfter(absl::Milliseconds(1));
  EXPECT_THAT(States(), ElementsAre(kFiring));
}

TEST_F(RuleGroupRestartTest, AFiringAlertFiresOnUntoldAndResolves) {
  Restart();
  Answers(60);
  EvaluateNow();
  Restart();
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(Told(), ElementsAre(kFiring));
  EXPECT_EQ(Since(Only().firing_time()), absl::Seconds(15));
  Restart();
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kResolved));
}

TEST_F(RuleGroupRestartTest, TheKeepFiringDurationGoesOn) {
  rule().keep_firing_duration = absl::Seconds(60);
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  Restart();
  EvaluateAfter(absl::Milliseconds(59'999));
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EvaluateAfter(absl::Milliseconds(1));
  EXPECT_THAT(States(), ElementsAre(kResolved));
}

TEST_F(RuleGroupRestartTest, AnUnknownAlertIsHeld) {
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  HostIs(Liveness::kSilent);
  EvaluateAfter(absl::Seconds(15));
  Restart();
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kUnknown));
  HostIs(Liveness::kLive);
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kResolved));
}

TEST_F(RuleGroupRestartTest, AResolvedAlertKeepsItsRetention) {
  Restart();
  Answers(60);
  EvaluateNow();
  AnswersNothing();
  EvaluateAfter(absl::Seconds(15));
  Restart();
  EXPECT_THAT(States(), ElementsAre(kResolved));
  EvaluateAfter(absl::Hours(24));
  EXPECT_THAT(States(), IsEmpty());
}

TEST_F(RuleGroupRestartTest, ANewThresholdKeepsTheAlert) {
  Restart();
  Answers(60);
  EvaluateNow();
  rule().expression = "another";
  rule().threshold = 55;
  Answers(60);
  Restart();
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EXPECT_EQ(Only().threshold(), 55);
  EXPECT_EQ(Since(Only().firing_time()), absl::Seconds(15));
}

TEST_F(RuleGroupRestartTest, AlertsOfARuleThatIsGoneResolve) {
  Restart();
  Answers(60);
  EvaluateNow();
  options_.rules = {Rule("Another")};
  HostIs(Liveness::kSilent);
  Restart();
  EvaluateAfter(absl::Seconds(15));
  EXPECT_THAT(States(), ElementsAre(kResolved));
  EvaluateAfter(absl::Hours(24));
  EXPECT_THAT(States(), IsEmpty());
}

TEST_F(RuleGroupRestartTest, GroupsDoNotTakeUpEachOthersAlerts) {
  Restart();
  Answers(60);
  EvaluateNow();
  options_.name = "builtin2";
  Restart();
  EXPECT_THAT(States(), IsEmpty());
}

TEST_F(RuleGroupRestartTest, RecordsThatCannotBeReadAreSkippedAndCounted) {
  Restart();
  Answers(60);
  EvaluateNow();
  ASSERT_TRUE(state_
                  .Apply({{{"alert", "builtin/0000000000000000", std::string("\x01junk")},
                           {"alert", "builtin/0000000000000001", std::string("\x02")},
                           {"alert", "builtin/0000000000000002", std::string()}}})
                  .ok());
  Restart();
  EXPECT_THAT(States(), ElementsAre(kFiring));
  EXPECT_EQ(counters_.Get("ora_alert_records_unreadable_total").Value(), 3u);
  EXPECT_TRUE(log_.Contains("builtin/0000000000000001"));
}

TEST_F(RuleGroupRestartTest, AnOldValueIsMadeDurableOnceAMinute) {
  Restart();
  Answers(60);
  EvaluateNow();
  EXPECT_EQ(state_.applied(), 1);
  Answers(61);
  EvaluateAfter(absl::Milliseconds(59'999));
  EXPECT_EQ(state_.applied(), 1);
  EXPECT_EQ(Only().value(), 61);
  EvaluateAfter(absl::Milliseconds(1));
  EXPECT_EQ(state_.applied(), 2);
  Restart();
  EXPECT_EQ(Only().value(), 61);
}

TEST_F(RuleGroupRestartTest, WhatCannotBeStoredIsReturnedAndChangesNothing) {
  Restart();
  Answers(60);
  state_.RefuseWith(absl::UnavailableError("the disk refused"));
  EXPECT_EQ(group_->EvaluateOnce().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(States(), IsEmpty());
  EXPECT_THAT(Told(), IsEmpty());
  state_.RefuseWith(absl::OkStatus());
  EvaluateNow();
  EXPECT_THAT(States(), ElementsAre(kFiring));
}

}  // namespace
}  // namespace ora::aggregator
