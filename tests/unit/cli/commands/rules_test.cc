#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/contract/limits.h"
#include "tests/unit/cli/fake_client.h"

namespace ora::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RulesTest : public testing::Test {
 protected:
  void Write(const std::string& path, absl::string_view text) {
    ASSERT_TRUE(shell_.files.CreateDirectories("/r/sub").ok());
    ASSERT_TRUE(shell_.files.ReplaceWhole(path, text).ok());
  }
  void AnswerCheck(uint32_t rules, const std::vector<std::string>& mistakes) {
    v1::RuleFileCheck& check = *shell_.aggregator.checks.answers.emplace_back().add_files();
    check.set_groups(1);
    check.set_rules(rules);
    for (const std::string& mistake : mistakes) check.add_mistakes(mistake);
  }
  FakeShell shell_;
};

TEST_F(RulesTest, SendsEachFileAndPrintsWhatIsWrongInIt) {
  Write("/r/good.yml", "good text");
  Write("/r/bad.yml", "bad text");
  AnswerCheck(1, {});
  AnswerCheck(2, {"/r/bad.yml:4:16: groups[0]: first", "/r/bad.yml:5:1: second"});
  EXPECT_EQ(shell_.Ora({"rules", "check", "/r/good.yml", "/r/bad.yml"}), 1);
  EXPECT_EQ(shell_.Out(),
            "/r/good.yml: good: 1 rule in 1 group\n"
            "/r/bad.yml: 2 mistakes\n"
            "  /r/bad.yml:4:16: groups[0]: first\n"
            "  /r/bad.yml:5:1: second\n");
  const auto& requests = shell_.aggregator.checks.requests;
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0].files(0).name(), "/r/good.yml");
  EXPECT_EQ(requests[0].files(0).text(), "good text");
}

TEST_F(RulesTest, PrintsChecksAsJsonAndCsv) {
  Write("/r/a.yml", "text");
  AnswerCheck(1, {"a \"b\""});
  EXPECT_EQ(shell_.Ora({"rules", "check", "/r/a.yml", "-o", "json"}), 1);
  EXPECT_EQ(shell_.Out(),
            "[\n  {\"file\": \"/r/a.yml\", \"rules\": 1, \"errors\": [\"a \\\"b\\\"\"]}\n]\n");
  shell_.aggregator.checks.answers[0].mutable_files(0)->clear_mistakes();
  EXPECT_EQ(shell_.Ora({"rules", "check", "/r/a.yml", "-o", "csv"}), 0);
  EXPECT_EQ(shell_.Out(), "file,rules,error\n/r/a.yml,1,\n");
}

TEST_F(RulesTest, SendsTheRuleFilesThatTestsNameAlong) {
  Write("/r/a.yml", "text a");
  Write("/r/b.yml", "text b");
  Write("/r/sub/c.yml", "text c");
  Write("/r/t.yml", "rule_files: ['?.yml', sub/c.yml, /r/a.yml, 'none*.yml']\ntests: []\n");
  shell_.aggregator.tests.answers.emplace_back().set_passed(1);
  EXPECT_EQ(shell_.Ora({"rules", "test", "/r/t.yml"}), 0);
  EXPECT_EQ(shell_.Out(), "/r/t.yml: 1 test passed\n");
  const v1::TestRulesRequest& request = shell_.aggregator.tests.requests[0];
  EXPECT_EQ(request.tests().name(), "/r/t.yml");
  EXPECT_THAT(request.tests().text(), HasSubstr("sub/c.yml"));
  ASSERT_EQ(request.rule_files_size(), 4);
  EXPECT_EQ(request.rule_files(0).pattern(), "?.yml");
  ASSERT_EQ(request.rule_files(0).files_size(), 3);  // t.yml itself fits the pattern too.
  EXPECT_EQ(request.rule_files(0).files(1).name(), "/r/b.yml");
  EXPECT_EQ(request.rule_files(0).files(1).text(), "text b");
  EXPECT_EQ(request.rule_files(1).files(0).name(), "/r/sub/c.yml");
  EXPECT_EQ(request.rule_files(2).files(0).text(), "text a");
  EXPECT_EQ(request.rule_files(3).files_size(), 0);
}

TEST_F(RulesTest, TestsThatFailAreBadNews) {
  Write("/r/t.yml", "tests: []");
  v1::TestRulesResponse& answer = shell_.aggregator.tests.answers.emplace_back();
  answer.add_failures("/r/t.yml: test 1: expected 1; got 2");
  EXPECT_EQ(shell_.Ora({"rules", "test", "/r/t.yml"}), 1);
  EXPECT_EQ(shell_.Out(),
            "/r/t.yml: 0 tests passed, these failed\n"
            "  /r/t.yml: test 1: expected 1; got 2\n");
}

TEST_F(RulesTest, ARuleFileThatTestsNameAndThatIsNotThereIsAFailedTest) {
  Write("/r/t.yml", "rule_files: [absent.yml]");
  EXPECT_EQ(shell_.Ora({"rules", "test", "/r/t.yml"}), 1);
  EXPECT_THAT(shell_.Out(), HasSubstr("/r/t.yml: rule_files: "));
  EXPECT_THAT(shell_.Out(), HasSubstr("/r/absent.yml"));
  EXPECT_THAT(shell_.aggregator.tests.requests, IsEmpty());
}

TEST_F(RulesTest, AFileOfTestsThatIsNoYamlIsLeftToTheAggregatorToTell) {
  Write("/r/t.yml", "tests: 1");
  shell_.aggregator.tests.answers.emplace_back().add_failures("/r/t.yml:1:8: tests: is no list");
  EXPECT_EQ(shell_.Ora({"rules", "test", "/r/t.yml"}), 1);
  EXPECT_THAT(shell_.Out(), HasSubstr("is no list"));
}

TEST_F(RulesTest, AnArgumentThatIsNoFileIsWrongUse) {
  for (const char* command : {"check", "test"}) {
    EXPECT_EQ(shell_.Ora({"rules", command, "/no.yml"}), 2);
    EXPECT_THAT(shell_.Err(), HasSubstr("/no.yml"));
  }
  EXPECT_THAT(shell_.aggregator.checks.requests, IsEmpty());
}

TEST_F(RulesTest, AFileIsSentAtTheLimitAndNotOnePastIt) {
  Write("/r/large.yml", std::string(contract::kCheckedTextBytesMax, '#'));
  AnswerCheck(0, {});
  EXPECT_EQ(shell_.Ora({"rules", "check", "/r/large.yml"}), 0);
  Write("/r/large.yml", std::string(contract::kCheckedTextBytesMax + 1, '#'));
  EXPECT_EQ(shell_.Ora({"rules", "check", "/r/large.yml"}), 2);
  EXPECT_THAT(shell_.Err(), HasSubstr("3145728 bytes"));
}

TEST_F(RulesTest, AnAggregatorThatIsAwayIsStatusThree) {
  Write("/r/a.yml", "text");
  shell_.aggregator.error = absl::UnavailableError("failed to connect: Connection refused");
  EXPECT_EQ(shell_.Ora({"rules", "check", "/r/a.yml"}), 3);
  EXPECT_EQ(shell_.Ora({"rules", "test", "/r/a.yml"}), 3);
  EXPECT_EQ(shell_.Ora({"rules", "list"}), 3);
  EXPECT_THAT(shell_.Err(), HasSubstr("cannot reach the aggregator"));
}

TEST_F(RulesTest, ListsEachRulesStateHealthLastEvaluationAndError) {
  v1::ListRulesResponse& answer = shell_.aggregator.rules.answers.emplace_back();
  v1::Rule& firing = *answer.add_rules();
  firing.set_name("ManyErrors");
  firing.set_kind(v1::RULE_KIND_ALERTING);
  firing.set_group("shop");
  firing.set_file("/r/shop.yml");
  firing.set_state(v1::RULE_STATE_FIRING);
  firing.set_alerts_firing(2);
  firing.set_alerts_pending(1);
  firing.set_health(v1::RULE_HEALTH_GOOD);
  firing.mutable_evaluation_time()->set_seconds(FakeShell::kNowSeconds - 5);
  v1::Rule& failing = *answer.add_rules();
  failing.set_name("a:sum");
  failing.set_kind(v1::RULE_KIND_RECORDING);
  failing.set_group("shop");
  failing.set_file("/r/shop.yml");
  failing.set_health(v1::RULE_HEALTH_FAILING);
  failing.set_last_error("many-to-many matching not allowed");
  EXPECT_EQ(shell_.Ora({"rules", "list"}), 0);
  EXPECT_EQ(shell_.Out(),
            "RULE        KIND       GROUP  FILE         STATE   ALERTS  HEALTH   EVALUATED         "
            "             ERROR\n"
            "ManyErrors  alerting   shop   /r/shop.yml  firing       3  good     "
            "2017-07-14T02:39:55Z (5s ago)  -\n"
            "a:sum       recording  shop   /r/shop.yml  -            -  failing  -                 "
            "             many-to-many matching not allowed\n");
  EXPECT_EQ(shell_.Ora({"rules", "list", "--exit-code"}), 1);
  EXPECT_EQ(shell_.Ora({"rules", "list", "-o", "json"}), 0);
  EXPECT_THAT(shell_.Out(), HasSubstr("\"state\": \"firing\""));
}

TEST_F(RulesTest, AsksForRulesOfOneKindAndGroup) {
  EXPECT_EQ(shell_.Ora({"rules", "list", "--kind", "recording", "--group", "g"}), 0);
  const v1::ListRulesRequest& request = shell_.aggregator.rules.requests[0];
  EXPECT_EQ(request.kind(), v1::RULE_KIND_RECORDING);
  EXPECT_EQ(request.group(), "g");
  EXPECT_THAT(shell_.Err(), HasSubstr("no rule matches"));
  EXPECT_EQ(shell_.Ora({"rules", "list", "--kind", "odd"}), 2);
  EXPECT_THAT(shell_.Err(), HasSubstr("`odd` is no kind of rule"));
}

}  // namespace
}  // namespace ora::cli
