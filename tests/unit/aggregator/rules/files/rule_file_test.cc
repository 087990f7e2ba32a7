#include "aggregator/rules/files/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/fakes/memory_file_system.h"

namespace ora::aggregator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

RuleFileReading Read(absl::string_view text) {
  return ReadRuleFile("dir/shop.yml", text, absl::Seconds(15));
}

// A file of one group with these lines as its only rule.
RuleFileReading ReadRule(absl::string_view rule) {
  return Read(absl::StrCat("groups:\n- name: g\n  rules:\n  - ", rule, "\n"));
}

TEST(RuleFileTest, ReadsAlertingAndRecordingRulesInTheirOrder) {
  const RuleFileReading reading = Read(R"(
groups:
  - name: a/b
    interval: 1m
    query_offset: 10s
    limit: 7
    labels: {team: shop, severity: warning}
    rules:
      - {record: 'job:up:sum', expr: sum by (job) (up), labels: {kind: sum}}
      - alert: Down
        expr: up == 0
        for: 1d
        keep_firing_for: 90s
        labels: {severity: page}
        annotations: {summary: '{{ $labels.instance }} is down'}
      - {record: 'up:count', expr: count(up)}
  - name: empty
)");
  ASSERT_THAT(reading.errors, IsEmpty());
  EXPECT_EQ(RuleCount(reading), 3u);
  ASSERT_THAT(reading.groups, SizeIs(2));
  const RuleGroupOptions& group = reading.groups[0];
  EXPECT_EQ(group.name, "a%2Fb@shop.yml");
  EXPECT_EQ(group.title, "a/b");
  EXPECT_EQ(group.file, "dir/shop.yml");
  EXPECT_EQ(group.interval, absl::Minutes(1));
  EXPECT_EQ(group.query_offset, absl::Seconds(10));
  EXPECT_EQ(group.limit, 7u);
  ASSERT_THAT(group.rules, SizeIs(1));
  EXPECT_EQ(group.rules[0].name, "Down");
  EXPECT_EQ(group.rules[0].pending_duration, absl::Hours(24));
  EXPECT_EQ(group.rules[0].keep_firing_duration, absl::Seconds(90));
  EXPECT_EQ(group.rules[0].severity, v1::SEVERITY_CRITICAL);
  EXPECT_EQ(group.rules[0].labels, (storage::Labels{{"severity", "page"}, {"team", "shop"}}));
  ASSERT_THAT(group.recordings, SizeIs(2));
  EXPECT_EQ(group.recordings[0].name, "job:up:sum");
  EXPECT_EQ(group.recordings[0].alerts_before, 0u);
  EXPECT_EQ(group.recordings[0].labels,
            (storage::Labels{{"kind", "sum"}, {"severity", "warning"}, {"team", "shop"}}));
  EXPECT_EQ(group.recordings[1].alerts_before, 1u);
  EXPECT_EQ(reading.groups[1].interval, absl::Seconds(15));
}

struct Mistake {
  const char* name;
  const char* rule;
  const char* said;
};

class RuleFileMistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(RuleFileMistakeTest, IsToldWithItsPlace) {
  const RuleFileReading reading = ReadRule(GetParam().rule);
  ASSERT_THAT(reading.errors, SizeIs(1));
  EXPECT_THAT(reading.errors[0], HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    All, RuleFileMistakeTest,
    testing::Values(
        Mistake{"Neither", "expr: up", "dir/shop.yml:4:5: groups[0].rules[0]: one of 'record' or"},
        Mistake{"Both", "{record: a, alert: b, expr: up}", "only one of 'record' and 'alert'"},
        Mistake{"NoExpression", "alert: a", "groups[0].rules[0].expr: field 'expr' must be set"},
        Mistake{"Expression", "alert: a\n    expr: sum(",
                "dir/shop.yml:5:5: groups[0].rules[0].expr: 1:5: parse error"},
        Mistake{"Type", "{alert: a, expr: 'up[5m]'}", "is of type range vector"},
        Mistake{"For", "{alert: a, expr: up, for: 5}", "not a valid duration string: \"5\""},
        Mistake{"ForLong", "{alert: a, expr: up, for: 11y}", "at most 10y"},
        Mistake{"Label", "{alert: a, expr: up, labels: {a-b: c}}", "invalid label name: a-b"},
        Mistake{"Name", "{record: 'a b', expr: up}", "`a b` is no metric's name"},
        Mistake{"RecordFor", "{record: a, expr: up, for: 1m}",
                "invalid field 'for' in recording rule"},
        Mistake{"RecordAnnotations", "{record: a, expr: up, annotations: {b: c}}",
                "invalid field 'annotations' in recording rule"},
        Mistake{"Template", "{alert: a, expr: up, annotations: {b: '{{ $label.c }}'}}",
                "groups[0].rules[0].annotations.b: `{{ $label.c }}` names $label"},
        Mistake{"Field", "{alert: a, expr: up, foo: 1}", "no such field"},
        Mistake{"Yaml", "{alert: a", "dir/shop.yml:"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(RuleFileTest, TellsEveryMistakeOfAFile) {
  const RuleFileReading reading = Read(R"(
groups:
  - name: a
    interval: 50ms
    rules: [{alert: x, expr: 'up +'}, {alert: y, expr: up}, {alert: y, expr: down}]
  - {name: a, rules: [{record: x}]}
  - {rules: []}
)");
  EXPECT_THAT(reading.errors,
              ElementsAre(HasSubstr("interval: is 50ms; write 100ms or more"),
                          HasSubstr("rules[0].expr: 1:5: parse error"),
                          HasSubstr("rules[2].alert: `y` is in this group with the same labels"),
                          HasSubstr("groupname: \"a\" is repeated in the same file"),
                          HasSubstr("groups[1].rules[0].expr: field 'expr'"),
                          HasSubstr("groups[2].name: has 0 bytes")));
}

TEST(RuleFileTest, GroupsRulesAndErrorsAreLimited) {
  std::string groups = "groups:\n";
  for (size_t i = 0; i < kRuleFileGroupsMax; ++i) absl::StrAppend(&groups, "- name: g", i, "\n");
  EXPECT_THAT(Read(groups).errors, IsEmpty());
  EXPECT_THAT(Read(groups + "- name: more\n").errors, ElementsAre(HasSubstr("at most 1000")));

  std::string rules = "groups:\n- name: g\n  rules:\n";
  for (size_t i = 0; i < kRuleFileRulesMax; ++i) {
    absl::StrAppend(&rules, "  - {record: r, expr: up}\n");
  }
  EXPECT_THAT(Read(rules).errors, IsEmpty());
  EXPECT_THAT(Read(rules + "  - {record: r, expr: up}\n").errors,
              ElementsAre(HasSubstr("is past the 10000 rules")));

  std::string bad = "groups:\n- name: g\n  rules:\n";
  for (size_t i = 0; i < kRuleFileErrorsMax + 5; ++i) absl::StrAppend(&bad, "  - {record: r}\n");
  EXPECT_THAT(Read(bad).errors, SizeIs(kRuleFileErrorsMax));
}

}  // namespace
}  // namespace ora::aggregator
