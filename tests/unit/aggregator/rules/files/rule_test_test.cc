#include "aggregator/rules/files/rule_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "aggregator/rules/files/series_notation.h"
#include "proto/contract/limits.h"
#include "storage/env/posix_file_system.h"
#include "storage/sample.h"

namespace ora::aggregator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kRules[] = R"(
groups:
  - name: g
    rules:
      - {record: 'up:sum', expr: sum(up)}
      - {alert: Down, expr: 'up:sum < 2', for: 1m, annotations: {n: '{{ $value }}'}}
)";

absl::Status Alive() { return absl::OkStatus(); }

RuleTestReport RunFile(const std::string& file, absl::string_view text, const RuleFilesFn& read) {
  absl::StatusOr<RuleTestReport> report = RunRuleTests(file, text, read, Alive);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *std::move(report) : RuleTestReport();
}

absl::StatusOr<std::vector<NamedText>> OurRules(const std::string& path) {
  if (path == "r.yml") return std::vector<NamedText>{{path, kRules}};
  return absl::NotFoundError(absl::StrCat(path, ": there is no such file"));
}

RuleTestReport RunTests(absl::string_view tests) {
  return RunFile("t.yml", absl::StrCat("rule_files: [r.yml]\ntests:\n", tests), OurRules);
}

TEST(RuleTestTest, TheExampleOfTheRepositoryPasses) {
  storage::PosixFileSystem files;
  const auto text = files.ReadWhole("tests/data/rules/shop_test.yml", 1 << 20);
  ASSERT_TRUE(text.ok()) << text.status();
  const RuleTestReport report = RunFile("shop_test.yml", *text, [&](const std::string& path) {
    auto rules = files.ReadWhole("tests/data/rules/" + path, 1 << 20);
    return std::vector<NamedText>{{path, rules.ok() ? *rules : ""}};
  });
  EXPECT_THAT(report.failures, IsEmpty());
  EXPECT_EQ(report.passed, 1u);
}

TEST(RuleTestTest, TellsWhatWasExpectedAndWhatThereIs) {
  const RuleTestReport report = RunTests(R"(
  - name: one
    input_series: [{series: 'up{a="b"}', values: '2 1 1 1'}]
    alert_rule_test:
      - {eval_time: 1m, alertname: Down}
      - {eval_time: 2m30s, alertname: Down}
      - {eval_time: 2m, alertname: Down, exp_alerts: [{exp_annotations: {n: '1'}}]}
    promql_expr_test:
      - {expr: 'up:sum', eval_time: 1m, exp_samples: [{labels: 'up:sum', value: 2}]}
      - {expr: 'up:sum', eval_time: 1m, exp_samples: [{labels: 'up:sum', value: 1}]}
      - {expr: 'up +', eval_time: 1m}
)");
  EXPECT_EQ(report.passed, 0u);
  EXPECT_THAT(
      report.failures,
      ElementsAre("t.yml: test 1 (one): alert Down at 2m30s: expected none; got labels "
                  "{alertname=\"Down\"} annotations {n=\"1\"}",
                  "t.yml: test 1 (one): expression up:sum at 1m: expected up:sum 2; got up:sum 1",
                  HasSubstr("expression up + at 1m: 1:5: parse error")));
}

TEST(RuleTestTest, TellsFilesThatAreWrong) {
  EXPECT_THAT(RunFile("t.yml", "tests: 1", nullptr).failures,
              ElementsAre(HasSubstr("t.yml:1:8: tests: is no list")));
  const auto missing = [](const std::string& path) -> absl::StatusOr<std::vector<NamedText>> {
    return absl::NotFoundError(path + ": there is no such file");
  };
  EXPECT_THAT(RunFile("t.yml", "rule_files: [x.yml]", missing).failures,
              ElementsAre("x.yml: there is no such file"));
  EXPECT_THAT(RunTests("  - {input_series: [{series: up, values: '1 y'}]}").failures,
              ElementsAre(HasSubstr("test 1: `y` is no sample")));
  EXPECT_THAT(RunTests("  - {input_series: [{series: 'up{a!=\"b\"}', values: 1}]}").failures,
              ElementsAre(HasSubstr("is no series; every label is written with =")));
}

TEST(RuleTestTest, SamplesAreAsFarApartAsEvaluationsUnlessToldOtherwise) {
  const auto run = [](absl::string_view interval) {
    return RunFile("t.yml",
                   absl::StrCat("evaluation_interval: 30s\ntests: [{", interval,
                                "input_series: [{series: up, values: '0 1 2'}], "
                                "promql_expr_test: [{expr: up, eval_time: 1m, exp_samples: "
                                "[{labels: up, value: 2}]}]}]"),
                   OurRules);
  };
  EXPECT_EQ(run("").passed, 1u);
  EXPECT_EQ(run("interval: 30s, ").passed, 1u);
  EXPECT_EQ(run("interval: 1m, ").passed, 0u);
}

TEST(RuleTestTest, EvaluationsAreLimited) {
  EXPECT_THAT(RunTests("  - {promql_expr_test: [{expr: up, eval_time: 1000000m}]}").failures,
              ElementsAre(HasSubstr("it has 1000000 evaluations; at most 1000000")));
}

TEST(RuleTestTest, SamplesOfATestAreLimitedThoseOfItsRulesAmongThem) {
  // 999,999 and 1,000,000 samples; the rule records one at the only evaluation.
  const auto of = [](size_t more) {
    return absl::StrCat("  - {input_series: [{series: up, values: '1x", kNotedSamplesMax - 2 + more,
                        "'}, {series: 'up{a=\"b\"}', values: '1x", kNotedSamplesMax - 1,
                        "'}], promql_expr_test: [{expr: 'up:sum', eval_time: 0, exp_samples: "
                        "[{labels: 'up:sum', value: 2}]}]}");
  };
  EXPECT_EQ(RunTests(of(0)).passed, 1u);
  EXPECT_THAT(RunTests(of(1)).failures, testing::Contains(HasSubstr("more than 2000000 samples")));
}

TEST(RuleTestTest, FailuresAreLimitedInNumberAndLength) {
  std::string tests;
  for (size_t i = 0; i < contract::kTestFailuresMax + 1; ++i) {
    absl::StrAppend(&tests, "  - {promql_expr_test: [{expr: up +, eval_time: 0}]}\n");
  }
  EXPECT_THAT(RunTests(tests).failures, testing::SizeIs(contract::kTestFailuresMax));
  // Of two bytes a character, after an odd number of others: the limit would cut one in two.
  std::string name;
  for (size_t i = 0; i < contract::kTestFailureBytesMax; ++i) name += "\u00e9";
  const std::vector<std::string> failures =
      RunTests(
          absl::StrCat("  - {name: '", name, "', promql_expr_test: [{expr: up +, eval_time: 0}]}"))
          .failures;
  ASSERT_THAT(failures, testing::SizeIs(1));
  EXPECT_EQ(failures[0].size(), contract::kTestFailureBytesMax - 1);
}

TEST(RuleTestTest, ARunThatNobodyWaitsForEndsWithTheReason) {
  int asked = 0;
  const auto cancelled = [&asked] {
    return ++asked < 5 ? absl::OkStatus() : absl::CancelledError("call: was cancelled");
  };
  const auto report = RunRuleTests(
      "t.yml", "rule_files: [r.yml]\ntests: [{promql_expr_test: [{expr: up, eval_time: 900000m}]}]",
      OurRules, cancelled);
  EXPECT_EQ(report.status().code(), absl::StatusCode::kCancelled);
  EXPECT_LT(asked, 50);
}

TEST(SeriesNotationTest, ReadsEveryForm) {
  const auto samples = ParseSamples(" 1 -2.5x1 _ _x2 1+2x2 1e-3-1x1 stale NaN Inf ");
  ASSERT_TRUE(samples.ok()) << samples.status();
  ASSERT_EQ(samples->size(), 14u);
  EXPECT_EQ((*samples)[2], -2.5);
  EXPECT_FALSE((*samples)[3].has_value() || (*samples)[5].has_value());
  EXPECT_EQ((*samples)[8], 5);
  EXPECT_EQ((*samples)[9], 0.001);
  EXPECT_EQ((*samples)[10], -0.999);
  EXPECT_TRUE(storage::IsStaleMarker(*(*samples)[11]));
  EXPECT_TRUE(std::isnan(*(*samples)[12]));
  for (const char* text : {"a", "1x", "1+2", "x5", "1xx2", "1x-1", "stalex"}) {
    EXPECT_FALSE(ParseSamples(text).ok()) << text;
  }
}

TEST(SeriesNotationTest, SamplesAreLimited) {
  EXPECT_TRUE(ParseSamples(absl::StrCat("1x", kNotedSamplesMax - 1)).ok());
  EXPECT_FALSE(ParseSamples(absl::StrCat("1x", kNotedSamplesMax)).ok());
  EXPECT_FALSE(ParseSamples("1x99999999999").ok());
}

}  // namespace
}  // namespace ora::aggregator
