#include "aggregator/services/rules/rule_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ora::aggregator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Alert AlertIn(v1::AlertState state) {
  v1::Alert alert;
  alert.set_state(state);
  return alert;
}

RuleStatus Alerting(const std::string& name, std::vector<v1::Alert> alerts) {
  RuleStatus rule;
  rule.name = name;
  rule.alerts = std::move(alerts);
  return rule;
}

RuleStatus Recording(const std::string& name) {
  RuleStatus rule;
  rule.name = name;
  rule.kind = RuleKind::kRecording;
  return rule;
}

std::vector<RuleGroupStatus> Groups() {
  std::vector<RuleGroupStatus> groups(3);
  groups[0].name = "z";
  groups[0].file = "/r/b.yml";
  groups[0].rules = {Alerting("Z2", {}), Recording("z1")};
  groups[1].name = "builtin";
  groups[1].rules = {Alerting("B", {})};
  groups[2].name = "a";
  groups[2].file = "/r/b.yml";
  groups[2].rules = {Recording("a1")};
  return groups;
}

std::vector<std::string> NamesOf(const v1::ListRulesRequest& request) {
  const auto response = SelectRules(Groups(), request);
  std::vector<std::string> names;
  for (const v1::Rule& rule : response->rules()) names.push_back(rule.name());
  return names;
}

TEST(RuleListingTest, BuiltInRulesStandFirstThenFilesGroupsAndPlaces) {
  EXPECT_THAT(NamesOf({}), ElementsAre("B", "a1", "Z2", "z1"));
}

TEST(RuleListingTest, FiltersByKindAndGroup) {
  v1::ListRulesRequest request;
  request.set_kind(v1::RULE_KIND_RECORDING);
  EXPECT_THAT(NamesOf(request), ElementsAre("a1", "z1"));
  request.set_group("z");
  EXPECT_THAT(NamesOf(request), ElementsAre("z1"));
  request.set_group("none");
  EXPECT_THAT(NamesOf(request), IsEmpty());
}

TEST(RuleListingTest, GivesPagesThatFollowOneAnother) {
  v1::ListRulesRequest request;
  request.set_page_size(1);
  std::vector<std::string> names;
  while (true) {
    const auto page = SelectRules(Groups(), request);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_EQ(page->rules_size(), 1);
    names.push_back(page->rules(0).name());
    if (page->next_page_token().empty()) break;
    request.set_page_token(page->next_page_token());
  }
  EXPECT_THAT(names, ElementsAre("B", "a1", "Z2", "z1"));
  request.set_page_token("no token of ours!");
  EXPECT_EQ(SelectRules(Groups(), request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RuleListingTest, ARuleStandsWhereItsWorstAlertDoes) {
  RuleGroupStatus group;
  group.rules = {
      Alerting("none", {}), Alerting("pending", {AlertIn(v1::ALERT_STATE_PENDING)}),
      Alerting("unknown", {AlertIn(v1::ALERT_STATE_UNKNOWN), AlertIn(v1::ALERT_STATE_PENDING)}),
      Alerting("firing", {AlertIn(v1::ALERT_STATE_FIRING), AlertIn(v1::ALERT_STATE_UNKNOWN),
                          AlertIn(v1::ALERT_STATE_FIRING)}),
      Recording("r")};
  const auto response = SelectRules({group}, {});
  std::vector<v1::RuleState> states;
  for (const v1::Rule& rule : response->rules()) states.push_back(rule.state());
  EXPECT_THAT(states,
              ElementsAre(v1::RULE_STATE_INACTIVE, v1::RULE_STATE_PENDING, v1::RULE_STATE_UNKNOWN,
                          v1::RULE_STATE_FIRING, v1::RULE_STATE_UNSPECIFIED));
  EXPECT_EQ(response->rules(3).alerts_firing(), 2u);
  EXPECT_EQ(response->rules(3).alerts_unknown(), 1u);
  EXPECT_EQ(response->rules(3).alerts_pending(), 0u);
}

TEST(RuleListingTest, TellsHowARuleFaresAndHowItIsConfigured) {
  RuleGroupStatus group;
  group.name = "g";
  group.file = "/r/f.yml";
  group.interval = absl::Seconds(30);
  RuleStatus bad = Alerting("Bad", {});
  bad.expression = "up > 1";
  bad.health = RuleHealth::kFailing;
  bad.last_error = "1:5: no";
  bad.evaluated_at = absl::FromUnixSeconds(100);
  bad.evaluation_time = absl::Milliseconds(1'500);
  bad.pending_duration = absl::Minutes(2);
  bad.labels = {{"severity", "page"}};
  bad.annotations = {{"summary", "{{ $value }}"}};
  group.rules = {bad, Recording("not:yet")};
  const auto response = SelectRules({group}, {});
  const v1::Rule& told = response->rules(0);
  EXPECT_EQ(told.health(), v1::RULE_HEALTH_FAILING);
  EXPECT_EQ(told.last_error(), "1:5: no");
  EXPECT_EQ(told.evaluation_time().seconds(), 100);
  EXPECT_EQ(told.evaluation_duration().seconds(), 1);
  EXPECT_EQ(told.evaluation_duration().nanos(), 500'000'000);
  EXPECT_EQ(told.interval().seconds(), 30);
  EXPECT_EQ(told.pending_duration().seconds(), 120);
  EXPECT_EQ(told.labels().labels(0).value(), "page");
  EXPECT_EQ(told.annotations(0).value(), "{{ $value }}");
  EXPECT_EQ(told.expression(), "up > 1");
  EXPECT_EQ(told.group(), "g");
  EXPECT_EQ(told.file(), "/r/f.yml");
  const v1::Rule& other = response->rules(1);
  EXPECT_EQ(other.health(), v1::RULE_HEALTH_UNSPECIFIED);
  EXPECT_FALSE(other.has_evaluation_time());
  EXPECT_FALSE(other.has_pending_duration());
}

}  // namespace
}  // namespace ora::aggregator
