#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_client.h"

namespace ora::cli {
namespace {

using testing::HasSubstr;

class RulesTest : public testing::Test {
 protected:
  void Write(const std::string& path, absl::string_view text) {
    ASSERT_TRUE(shell_.files.CreateDirectories("/r").ok());
    ASSERT_TRUE(shell_.files.ReplaceWhole(path, text).ok());
  }
  FakeShell shell_;
};

constexpr char kGood[] = "groups: [{name: g, rules: [{record: a, expr: up}]}]";

TEST_F(RulesTest, TellsWhatIsInAGoodFileAndWhatIsWrongInAnother) {
  Write("/r/good.yml", kGood);
  Write("/r/bad.yml",
        "groups:\n- name: g\n  rules:\n  - {alert: a, expr: 'up +'}\n  - {expr: up}\n");
  EXPECT_EQ(shell_.Ora({"rules", "check", "/r/good.yml"}), 0);
  EXPECT_EQ(shell_.Out(), "/r/good.yml: good: 1 rule in 1 group\n");
  EXPECT_EQ(shell_.Ora({"rules", "check", "/r/good.yml", "/r/bad.yml"}), 1);
  EXPECT_THAT(shell_.Out(), HasSubstr("/r/bad.yml: 2 mistakes\n  /r/bad.yml:4:16: "
                                      "groups[0].rules[0].expr: 1:5: parse error"));
  EXPECT_EQ(shell_.Ora({"rules", "check", "/r/bad.yml", "-o", "json"}), 1);
  EXPECT_THAT(shell_.Out(), HasSubstr("{\"file\": \"/r/bad.yml\", \"rules\": 1, \"errors\": [\""));
  EXPECT_EQ(shell_.Ora({"rules", "check", "/r/good.yml", "-o", "csv"}), 0);
  EXPECT_EQ(shell_.Out(), "file,rules,error\n/r/good.yml,1,\n");
}

TEST_F(RulesTest, RunsUnitTestsBesideTheirRuleFiles) {
  Write("/r/good.yml", kGood);
  Write("/r/t.yml",
        "rule_files: ['go*.yml']\ntests:\n- {input_series: [{series: up, values: 1}], "
        "promql_expr_test: [{expr: a, eval_time: 0, exp_samples: [{labels: a, value: 1}]}]}\n");
  EXPECT_EQ(shell_.Ora({"rules", "test", "/r/t.yml"}), 0);
  EXPECT_EQ(shell_.Out(), "/r/t.yml: 1 test passed\n");
  Write("/r/good.yml", "groups: [{name: g, rules: [{record: a, expr: up + 1}]}]");
  EXPECT_EQ(shell_.Ora({"rules", "test", "/r/t.yml"}), 1);
  EXPECT_EQ(shell_.Out(),
            "/r/t.yml: 0 tests passed, these failed\n"
            "  /r/t.yml: test 1: expression a at 0: expected a 1; got a 2\n");
}

TEST_F(RulesTest, SaysThatAFileIsNotThere) {
  EXPECT_EQ(shell_.Ora({"rules", "check", "/no.yml"}), 1);
  EXPECT_THAT(shell_.Err(), HasSubstr("/no.yml"));
}

}  // namespace
}  // namespace ora::cli
