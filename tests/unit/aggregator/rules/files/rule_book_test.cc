#include "aggregator/rules/rule_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/fakes/memory_state_store.h"

namespace ora::aggregator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RuleBookTest : public testing::Test {
 protected:
  RuleGroupOptions Group(const std::string& name, const std::string& alert) {
    RuleGroupOptions group;
    group.name = name;
    group.title = "title of " + name;
    AlertRule rule;
    rule.name = alert;
    rule.expression = alert;
    group.rules = {rule};
    group.record = [this](const std::string& source, const std::vector<EvaluatedSeries>& series,
                          int64_t) {
      std::vector<std::string>& texts = recorded_[source];
      texts.clear();
      for (const EvaluatedSeries& one : series) {
        texts.push_back(absl::StrFormat("%s=%.15g", one.labels.ToString(), one.value));
      }
      return absl::OkStatus();
    };
    return group;
  }
  absl::StatusOr<std::unique_ptr<RuleBook>> Open(std::vector<RuleGroupOptions> groups) {
    return RuleBook::Open(std::move(groups),
                          {[this](const std::string& text, int64_t) -> absl::StatusOr<Evaluation> {
                             asked_.push_back(text);
                             if (answers_.contains(text)) return answers_[text];
                             return absl::InvalidArgumentError("no " + text);
                           },
                           [](const std::string&) { return Liveness::kLive; }, nullptr, state_,
                           clock_, log_, counters_});
  }
  std::vector<std::string> AlertsOf(const RuleBook& book) {
    std::vector<std::string> rules;
    for (const v1::Alert& alert : book.Alerts()) rules.push_back(alert.rule());
    return rules;
  }

  fakes::ManualClock clock_;
  fakes::MemoryStateStore state_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  std::map<std::string, Evaluation> answers_ = {
      {"A", {{{{{"__name__", "m"}, {"x", "1"}}, 5}}}}, {"B", {{{{}, 1}}}}, {"none", {}}};
  std::vector<std::string> asked_;
  std::map<std::string, std::vector<std::string>> recorded_;
};

TEST_F(RuleBookTest, EvaluatesEveryGroupAndTellsOfAll) {
  auto book = Open({Group("builtin", "A"), Group("g@f.yml", "B")});
  ASSERT_TRUE(book.ok()) << book.status();
  ASSERT_TRUE((*book)->EvaluateOnce().ok());
  EXPECT_THAT(AlertsOf(**book), testing::UnorderedElementsAre("A", "B"));
  const std::vector<RuleGroupStatus> status = (*book)->Status();
  ASSERT_THAT(status, SizeIs(2));
  EXPECT_EQ(status[1].name, "title of g@f.yml");
  EXPECT_EQ(status[1].rules[0].health, RuleHealth::kGood);
  EXPECT_THAT(status[1].rules[0].alerts, SizeIs(1));
  EXPECT_THAT(recorded_["builtin/ALERTS"],
              ElementsAre(absl::StrCat("ALERTS_FOR_STATE{alertname=\"A\",x=\"1\"}=",
                                       absl::ToUnixSeconds(clock_.Now())),
                          "ALERTS{alertname=\"A\",alertstate=\"firing\",x=\"1\"}=1"));
}

TEST_F(RuleBookTest, RecordsInItsPlaceAndTellsAFailure) {
  RuleGroupOptions group = Group("builtin", "none");
  group.recordings = {{"a:sum", "A", {{"x", "2"}}, 0}, {"bad", "absent", {}, 1}};
  auto book = Open({group});
  ASSERT_TRUE(book.ok()) << book.status();
  ASSERT_TRUE((*book)->EvaluateOnce().ok());
  EXPECT_THAT(asked_, ElementsAre("A", "none", "absent"));
  EXPECT_THAT(recorded_["builtin/0"], ElementsAre("a:sum{x=\"2\"}=5"));
  const RuleGroupStatus status = (*book)->Status()[0];
  ASSERT_THAT(status.rules, SizeIs(3));
  EXPECT_EQ(status.rules[0].kind, RuleKind::kRecording);
  EXPECT_EQ(status.rules[1].kind, RuleKind::kAlerting);
  EXPECT_EQ(status.rules[2].last_error, "no absent");
  EXPECT_EQ(status.rules[2].health, RuleHealth::kFailing);
}

TEST_F(RuleBookTest, AnAnswerPastTheGroupsLimitIsAFailure) {
  RuleGroupOptions group = Group("builtin", "two");
  group.limit = 1;
  answers_["two"] = {{{{{"x", "1"}}, 1}, {{{"x", "2"}}, 1}}};
  auto book = Open({group});
  ASSERT_TRUE((*book)->EvaluateOnce().ok());
  EXPECT_THAT((*book)->Status()[0].rules[0].last_error, HasSubstr("exceeded limit of 1 with 2"));
  answers_["two"].series.pop_back();
  ASSERT_TRUE((*book)->EvaluateOnce().ok());
  EXPECT_EQ((*book)->Status()[0].rules[0].last_error, "");
}

TEST_F(RuleBookTest, ReplacedGroupsKeepTheirAlertsAndThoseOfOthersAreForgotten) {
  auto book = Open({Group("builtin", "A"), Group("g@f.yml", "B"), Group("h@f.yml", "A")});
  ASSERT_TRUE((*book)->EvaluateOnce().ok());
  EXPECT_THAT((*book)->Alerts(), SizeIs(3));
  ASSERT_TRUE((*book)->Replace({Group("g@f.yml", "B")}).ok());
  EXPECT_THAT(AlertsOf(**book), testing::UnorderedElementsAre("A", "B"));
  EXPECT_THAT(*state_.Scan("alert", "", 10), SizeIs(2));
  // One that is wrong changes nothing.
  RuleGroupOptions wrong = Group("w@f.yml", "A");
  wrong.rules[0].annotations = {{"a", "{{"}};
  EXPECT_EQ((*book)->Replace({wrong}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT((*book)->Status(), SizeIs(2));
  book->reset();
  book = Open({Group("builtin", "A")});
  EXPECT_THAT(AlertsOf(**book), ElementsAre("A"));
}

TEST_F(RuleBookTest, GroupsAreLimitedAndHaveNamesOfTheirOwn) {
  std::vector<RuleGroupOptions> groups;
  for (size_t i = 0; i < kRuleGroupsMax; ++i) groups.push_back(Group(absl::StrCat("g", i), "A"));
  EXPECT_TRUE(Open(groups).ok());
  groups.push_back(Group("more", "A"));
  EXPECT_THAT(std::string(Open(groups).status().message()), HasSubstr("at most 500"));
  EXPECT_THAT(std::string(Open({Group("g", "A"), Group("g", "B")}).status().message()),
              HasSubstr("rule group g is there twice"));
}

}  // namespace
}  // namespace ora::aggregator
