// How many alerts a group holds, and what it refuses at Open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/aggregator/rules/scripted_rules.h"

namespace ora::aggregator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class RuleGroupLimitsTest : public ScriptedRules {
 protected:
  void AnswersWithLogs(int first, int count) {
    std::vector<EvaluatedSeries>& series = answers_[rule().expression];
    series.clear();
    for (int i = first; i < first + count; ++i) series.push_back({Log(absl::StrCat("/", i)), 1});
  }

  void ExpectRefused(const std::string& reason) {
    const auto group = TryOpen();
    EXPECT_EQ(group.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(group.status().message()), HasSubstr(reason));
  }
};

TEST_F(RuleGroupLimitsTest, RaisesUpToTheLimitAndCountsTheRest) {
  options_.alerts_max = 3;
  Restart();
  AnswersWithLogs(0, 3);
  EvaluateNow();
  EXPECT_THAT(States(), SizeIs(3));
  EXPECT_EQ(counters_.Get("ora_alerts_dropped_total").Value(), 0u);
  AnswersWithLogs(0, 4);
  EvaluateNow();
  EXPECT_THAT(States(), SizeIs(3));
  EXPECT_EQ(counters_.Get("ora_alerts_dropped_total").Value(), 1u);
  EXPECT_TRUE(log_.Contains("1 alerts are not raised"));
}

TEST_F(RuleGroupLimitsTest, ResolvedAlertsMakeRoomOldestFirst) {
  options_.alerts_max = 2;
  Restart();
  AnswersWithLogs(0, 2);
  EvaluateNow();
  AnswersWithLogs(0, 1);
  EvaluateAfter(absl::Seconds(15));  // /1 has resolved.
  AnswersWithLogs(2, 2);
  EvaluateAfter(absl::Seconds(15));  // /0 has resolved too; /2 and /3 fire.
  EXPECT_THAT(States(), ElementsAre(kFiring, kFiring));
  EXPECT_EQ(counters_.Get("ora_alerts_resolved_forgotten_total").Value(), 2u);
  EXPECT_EQ(state_.Scan("alert", "", 10)->size(), 2u);
}

TEST_F(RuleGroupLimitsTest, ThousandsOfAlertsSurviveARestart) {
  Restart();
  AnswersWithLogs(0, 2'500);
  EvaluateNow();
  Restart();
  EXPECT_THAT(States(), SizeIs(2'500));
  EXPECT_EQ(told_.size(), 2'500u);
}

TEST_F(RuleGroupLimitsTest, RefusesATemplateThatItDoesNotKnow) {
  rule().annotations = {{"summary", "{{ $label.log }}"}};
  ExpectRefused("rule Growth: annotation summary: `{{ $label.log }}` names $label, unknown");
  rule().annotations = {};
  rule().recommended_action = "{{ $value";
  ExpectRefused("rule Growth: recommended action: `{{ $value` is not closed");
  rule().recommended_action = "";
  rule().labels = {{"team", "{{ $team }}"}};
  ExpectRefused("rule Growth: label team: `{{ $team }}` names $team, unknown");
}

TEST_F(RuleGroupLimitsTest, RefusesRulesThatCannotBeToldApart) {
  options_.rules = {Rule("Growth"), Rule("Growth")};
  ExpectRefused("rule Growth{} is there twice");
  options_.rules[1].labels = {{"component", "db"}};
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(RuleGroupLimitsTest, RefusesNamesAndIntervalsOutOfRange) {
  rule().expression = "";
  ExpectRefused("needs a name and an expression");
  rule() = Rule("Growth");
  options_.name = "";
  ExpectRefused("rule group ``");
  options_.name = "a/b";
  ExpectRefused("rule group `a/b`");
  options_.name = std::string(401, 'a');
  ExpectRefused("1 to 400 bytes");
  options_.name = std::string(400, 'a');
  EXPECT_TRUE(TryOpen().ok());
  options_.interval = absl::ZeroDuration();
  ExpectRefused("its interval is 0");
}

}  // namespace
}  // namespace ora::aggregator
