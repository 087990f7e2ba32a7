#include "proto/contract/request_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "proto/contract/limits.h"

namespace ora::contract {
namespace {

using ::testing::HasSubstr;
using ::testing::TestWithParam;
using ::testing::ValuesIn;

void AddLabel(v1::LabelSet& labels, const std::string& name, const std::string& value) {
  v1::Label* label = labels.add_labels();
  label->set_name(name);
  label->set_value(value);
}

v1::Hello GoodHello() {
  v1::Hello hello;
  hello.set_collector_id("web-1");
  hello.set_incarnation(7);
  hello.set_instance("web1.example.org");
  return hello;
}

v1::SeriesDefinitions GoodDefinitions() {
  v1::SeriesDefinitions definitions;
  v1::SeriesDefinition* definition = definitions.add_series();
  definition->set_id(1);
  AddLabel(*definition->mutable_labels(), "__name__", "up");
  AddLabel(*definition->mutable_labels(), "instance", "web1");
  return definitions;
}

v1::Batch GoodBatch(size_t samples) {
  v1::Batch batch;
  batch.set_sequence(1);
  v1::SampleBlock* block = batch.add_blocks();
  for (size_t i = 0; i < samples; ++i) {
    block->add_series_ids(static_cast<uint32_t>(i + 1));
    block->add_values(1);
  }
  return batch;
}

v1::QueryRangeRequest GoodRange() {
  v1::QueryRangeRequest request;
  request.set_expression("up");
  request.mutable_start()->set_seconds(0);
  request.mutable_end()->set_seconds(11'000);
  request.mutable_step()->set_seconds(1);
  return request;
}

v1::LabelSet LabelsWith(int count) {
  v1::LabelSet labels;
  for (int i = 0; i < count; ++i) AddLabel(labels, "l" + std::to_string(100 + i), "v");
  return labels;
}

v1::LabelSet OneLabel(const std::string& name, const std::string& value) {
  v1::LabelSet labels;
  AddLabel(labels, name, value);
  return labels;
}

template <typename Message>
Message Changed(Message message, const std::function<void(Message&)>& change) {
  change(message);
  return message;
}

// What is checked, and the words that the error must hold; none means that it is allowed.
struct Case {
  std::string name;
  std::function<absl::Status()> check;
  std::string error;
};

template <typename Message>
Case On(std::string name, Message message, std::function<void(Message&)> change,
        std::string error) {
  change(message);
  return {std::move(name), [message] { return Validate(message); }, std::move(error)};
}

class RequestChecksTest : public TestWithParam<Case> {};

TEST_P(RequestChecksTest, AllowsTheLimitAndNamesWhatIsPastIt) {
  const absl::Status status = GetParam().check();
  if (GetParam().error.empty()) {
    EXPECT_TRUE(status.ok()) << status;
    return;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().error));
}

std::string CaseName(const testing::TestParamInfo<Case>& info) { return info.param.name; }

std::vector<Case> HelloCases() {
  using v1::Hello;
  return {
      On<Hello>(
          "Hello", GoodHello(), [](auto&) {}, ""),
      On<Hello>(
          "IdAtLimit", GoodHello(), [](auto& h) { h.set_collector_id(std::string(64, 'a')); }, ""),
      On<Hello>(
          "IdTooLong", GoodHello(), [](auto& h) { h.set_collector_id(std::string(65, 'a')); },
          "hello.collector_id: is `aaa"),
      On<Hello>(
          "IdUpperCase", GoodHello(), [](auto& h) { h.set_collector_id("Web"); },
          "hello.collector_id: is `Web`"),
      On<Hello>(
          "NoIncarnation", GoodHello(), [](auto& h) { h.set_incarnation(0); },
          "hello.incarnation: is 0"),
      On<Hello>(
          "NoInstance", GoodHello(), [](auto& h) { h.clear_instance(); },
          "hello.instance: is empty"),
      On<Hello>(
          "InstanceAtLimit", GoodHello(), [](auto& h) { h.set_instance(std::string(255, 'x')); },
          ""),
      On<Hello>(
          "InstanceTooLong", GoodHello(), [](auto& h) { h.set_instance(std::string(256, 'x')); },
          "hello.instance: is 256 bytes"),
      On<Hello>(
          "VersionTooLong", GoodHello(), [](auto& h) { h.set_version(std::string(65, '1')); },
          "hello.version: is 65"),
      On<Hello>(
          "SystemTooLong", GoodHello(),
          [](auto& h) { h.mutable_host()->set_operating_system(std::string(257, 'd')); },
          "hello.host.operating_system: is 257"),
      On<Hello>(
          "KernelTooLong", GoodHello(),
          [](auto& h) { h.mutable_host()->set_kernel(std::string(129, '6')); },
          "hello.host.kernel: is 129"),
  };
}

INSTANTIATE_TEST_SUITE_P(Hello, RequestChecksTest, ValuesIn(HelloCases()), CaseName);

std::vector<Case> LabelCases() {
  const auto labels = [](std::string name, v1::LabelSet set, std::string error) {
    return Case{std::move(name), [set] { return Validate(set); }, std::move(error)};
  };
  return {
      labels("LabelsAtLimit", LabelsWith(40), ""),
      labels("LabelsTooMany", LabelsWith(41), "labels: has 41 labels"),
      labels("NameAtLimit", OneLabel(std::string(128, 'n'), "v"), ""),
      labels("NameTooLong", OneLabel(std::string(129, 'n'), "v"), "labels[0].name: is `nnn"),
      labels("NameWithDigit", OneLabel("9lives", "v"), "labels[0].name: is `9lives`"),
      labels("ValueAtLimit", OneLabel("n", std::string(2048, 'v')), ""),
      labels("ValueTooLong", OneLabel("n", std::string(2049, 'v')), "value: of label n is 2049"),
      labels("ValueEmpty", OneLabel("n", ""), "value: of label n is 0 bytes"),
      labels("NameTwice",
             Changed<v1::LabelSet>(OneLabel("a", "1"), [](auto& l) { AddLabel(l, "a", "2"); }),
             "labels[1].name: is `a` after `a`"),
  };
}

INSTANTIATE_TEST_SUITE_P(Labels, RequestChecksTest, ValuesIn(LabelCases()), CaseName);

std::vector<Case> BatchCases() {
  const auto definitions = [](std::string name, std::function<void(v1::SeriesDefinitions&)> change,
                              std::string error) {
    v1::SeriesDefinitions message = GoodDefinitions();
    change(message);
    return Case{std::move(name), [message] { return Validate(message, "web1"); }, std::move(error)};
  };
  return {
      definitions(
          "Definitions", [](auto&) {}, ""),
      definitions(
          "SeriesIdZero", [](auto& d) { d.mutable_series(0)->set_id(0); },
          "definitions.series[0].id: is 0"),
      definitions(
          "SeriesIdAtLimit", [](auto& d) { d.mutable_series(0)->set_id(kSeriesIdMax); }, ""),
      definitions(
          "SeriesIdPastLimit", [](auto& d) { d.mutable_series(0)->set_id(kSeriesIdMax + 1); },
          "definitions.series[0].id: is 4194305"),
      definitions(
          "OtherInstance",
          [](auto& d) {
            d.mutable_series(0)->mutable_labels()->mutable_labels(1)->set_value("db1");
          },
          "has instance=`db1`; hello.instance is `web1`"),
      definitions(
          "NoMetricName",
          [](auto& d) { d.mutable_series(0)->mutable_labels()->mutable_labels(0)->set_name("_n"); },
          "has no label __name__"),
      definitions(
          "DefinitionsTooMany",
          [](auto& d) {
            while (d.series_size() <= 10'000) *d.add_series() = d.series(0);
          },
          "definitions.series: has 10001"),
      On<v1::Batch>(
          "BatchAtLimit", GoodBatch(kBatchSamplesMax), [](auto&) {}, ""),
      On<v1::Batch>(
          "BatchPastLimit", GoodBatch(kBatchSamplesMax + 1), [](auto&) {},
          "batch.blocks: hold 100001 samples"),
      On<v1::Batch>(
          "NoSequence", GoodBatch(1), [](auto& b) { b.set_sequence(0); }, "batch.sequence: is 0"),
      On<v1::Batch>(
          "ValueMissing", GoodBatch(2),
          [](auto& b) { b.mutable_blocks(0)->mutable_values()->RemoveLast(); },
          "batch.blocks[0]: has 2 series_ids and 1 values"),
      On<v1::Batch>(
          "IdZero", GoodBatch(1), [](auto& b) { b.mutable_blocks(0)->set_series_ids(0, 0); },
          "batch.blocks[0].series_ids: holds 0"),
  };
}

INSTANTIATE_TEST_SUITE_P(Batches, RequestChecksTest, ValuesIn(BatchCases()), CaseName);

std::vector<Case> QueryCases() {
  using v1::ListSeriesRequest;
  using v1::QueryRangeRequest;
  using v1::QueryRequest;
  const QueryRequest query = Changed<QueryRequest>({}, [](auto& q) { q.set_expression("up"); });
  const ListSeriesRequest series =
      Changed<ListSeriesRequest>({}, [](auto& s) { s.add_selectors("up"); });
  return {
      On<QueryRequest>(
          "Query", query, [](auto&) {}, ""),
      On<QueryRequest>(
          "NoExpression", query, [](auto& q) { q.set_expression(" "); },
          "expression: is empty; send PromQL"),
      On<QueryRequest>(
          "ExpressionAtLimit", query, [](auto& q) { q.set_expression(std::string(65'536, 'a')); },
          ""),
      On<QueryRequest>(
          "ExpressionTooLong", query, [](auto& q) { q.set_expression(std::string(65'537, 'a')); },
          "expression: is 65537 bytes"),
      On<QueryRequest>(
          "LookbackAtLimit", query, [](auto& q) { q.mutable_lookback()->set_seconds(86'400); }, ""),
      On<QueryRequest>(
          "LookbackTooLong", query, [](auto& q) { q.mutable_lookback()->set_seconds(86'401); },
          "lookback: is 86401 s"),
      On<QueryRequest>(
          "LookbackTooShort", query, [](auto& q) { q.mutable_lookback()->set_nanos(999'999); },
          "lookback: is 0 s and 999999 ns"),
      On<QueryRequest>(
          "TimeOutOfRange", query, [](auto& q) { q.mutable_time()->set_seconds(253'402'300'800); },
          "time: is 253402300800 s"),
      On<QueryRangeRequest>(
          "Range", GoodRange(), [](auto&) {}, ""),
      On<QueryRangeRequest>(
          "NoStart", GoodRange(), [](auto& r) { r.clear_start(); }, "start: is absent"),
      On<QueryRangeRequest>(
          "NoStep", GoodRange(), [](auto& r) { r.clear_step(); }, "step: is absent"),
      On<QueryRangeRequest>(
          "StepTooShort", GoodRange(), [](auto& r) { r.mutable_step()->set_seconds(0); },
          "step: is 0 s and 0 ns"),
      On<QueryRangeRequest>(
          "EndBeforeStart", GoodRange(), [](auto& r) { r.mutable_end()->set_seconds(-1); },
          "end: is -1 s, before start at 0 s"),
      On<ListSeriesRequest>(
          "Series", series, [](auto&) {}, ""),
      On<ListSeriesRequest>(
          "NoSelector", series, [](auto& s) { s.clear_selectors(); }, "selectors: is empty"),
      On<ListSeriesRequest>(
          "SelectorsPastLimit", series,
          [](auto& s) {
            for (int i = 0; i < 16; ++i) s.add_selectors("up");
          },
          "selectors: has 17"),
      On<ListSeriesRequest>(
          "NegativePage", series, [](auto& s) { s.set_page_size(-1); }, "page_size: is -1"),
      On<v1::ListLabelValuesRequest>(
          "LabelValues", {}, [](auto& r) { r.set_label("job"); }, ""),
      On<v1::ListLabelValuesRequest>(
          "NoLabel", {}, [](auto& r) { r.set_label("a-b"); }, "label: is `a-b`"),
      On<v1::ListLabelNamesRequest>(
          "EmptySelector", {}, [](auto& r) { r.add_selectors(""); }, "selectors[0]: is empty"),
  };
}

INSTANTIATE_TEST_SUITE_P(Query, RequestChecksTest, ValuesIn(QueryCases()), CaseName);

std::vector<Case> OtherCases() {
  return {
      On<v1::ListHostsRequest>(
          "Hosts", {}, [](auto&) {}, ""),
      On<v1::ListHostsRequest>(
          "UnknownState", {}, [](auto& r) { r.set_state(static_cast<v1::HostState>(9)); },
          "state: is 9"),
      On<v1::GetHostRequest>(
          "NoHost", {}, [](auto&) {}, "instance: is empty"),
      On<v1::ListLogsRequest>(
          "LogsOfLongHost", {}, [](auto& r) { r.set_instance(std::string(256, 'h')); },
          "instance: is 256 bytes"),
      On<v1::AnalyzeLogsRequest>(
          "WindowAtMin", {}, [](auto& r) { r.mutable_window()->set_seconds(10); }, ""),
      On<v1::AnalyzeLogsRequest>(
          "WindowTooShort", {}, [](auto& r) { r.mutable_window()->set_seconds(9); },
          "window: is 9 s"),
      On<v1::AnalyzeLogsRequest>(
          "WindowAtMax", {}, [](auto& r) { r.mutable_window()->set_seconds(2'592'000); }, ""),
      On<v1::AnalyzeLogsRequest>(
          "WindowTooLong", {}, [](auto& r) { r.mutable_window()->set_seconds(2'592'001); },
          "window: is 2592001 s"),
      On<v1::AnalyzeLogsRequest>(
          "NegativeCount", {}, [](auto& r) { r.set_log_count_max(-1); }, "log_count_max: is -1"),
      On<v1::ListAlertsRequest>(
          "NoStateGiven", {}, [](auto& r) { r.add_states(v1::ALERT_STATE_UNSPECIFIED); },
          "states[0]: is 0"),
      On<v1::GetAlertRequest>(
          "NoAlert", {}, [](auto&) {}, "id: is empty"),
      On<v1::GetAlertRequest>(
          "AlertPrefix", {}, [](auto& r) { r.set_id("0af"); }, ""),
      On<v1::GetAlertRequest>(
          "AlertIdTooLong", {}, [](auto& r) { r.set_id(std::string(17, 'a')); },
          "id: is `aaaaaaaaaaaaaaaaa`"),
      On<v1::GetAlertReportRequest>(
          "EveryReport", {}, [](auto&) {}, ""),
      On<v1::GetAlertReportRequest>(
          "ReportOfNoId", {}, [](auto& r) { r.set_id("xyz"); }, "id: is `xyz`"),
  };
}

std::vector<Case> AdminCases() {
  return {
      On<v1::CreateSnapshotRequest>(
          "SnapshotName", {}, [](auto& r) { r.set_name("Weekly_2026-11-23"); }, ""),
      On<v1::CreateSnapshotRequest>(
          "NoSnapshotName", {}, [](auto&) {}, "name: is ``; send 1 to 64 characters"),
      On<v1::CreateSnapshotRequest>(
          "SnapshotNameAtMax", {}, [](auto& r) { r.set_name(std::string(64, 'a')); }, ""),
      On<v1::CreateSnapshotRequest>(
          "SnapshotNameTooLong", {}, [](auto& r) { r.set_name(std::string(65, 'a')); },
          "name: is `aaaa"),
      On<v1::CreateSnapshotRequest>(
          "SnapshotNameOfAFolder", {}, [](auto& r) { r.set_name("../a"); }, "name: is `../a`"),
      On<v1::GetCardinalityRequest>(
          "TopByDefault", {}, [](auto&) {}, ""),
      On<v1::GetCardinalityRequest>(
          "TopAtMax", {}, [](auto& r) { r.set_top(1'000); }, ""),
      On<v1::GetCardinalityRequest>(
          "TopTooHigh", {}, [](auto& r) { r.set_top(1'001); }, "top: is 1001; send 0 to 1000"),
      On<v1::DeleteSeriesRequest>(
          "Deletion", {}, [](auto& r) { r.set_selector("up"); }, ""),
      On<v1::DeleteSeriesRequest>(
          "DeletionOfNothing", {}, [](auto& r) { r.set_selector(" "); }, "selector: is empty"),
      On<v1::DeleteSeriesRequest>(
          "SelectorAtMax", {}, [](auto& r) { r.set_selector(std::string(64 << 10, 'a')); }, ""),
      On<v1::DeleteSeriesRequest>(
          "SelectorTooLong", {}, [](auto& r) { r.set_selector(std::string((64 << 10) + 1, 'a')); },
          "selector: is 65537 bytes"),
  };
}

template <typename Request>
void AddFiles(Request& request, size_t count, size_t bytes) {
  for (size_t i = 0; i < count; ++i) {
    v1::TextFile& file = *request.add_files();
    file.set_name("f");
    file.set_text(std::string(bytes, '#'));
  }
}

std::vector<Case> RuleCases() {
  v1::TestRulesRequest tests;
  tests.mutable_tests()->set_name("t");
  return {
      On<v1::ListRulesRequest>(
          "EveryRule", {}, [](auto&) {}, ""),
      On<v1::ListRulesRequest>(
          "RulesOfNoKind", {}, [](auto& r) { r.set_kind(static_cast<v1::RuleKind>(9)); },
          "kind: is 9"),
      On<v1::ListRulesRequest>(
          "RulesOfNegativePage", {}, [](auto& r) { r.set_page_size(-1); }, "page_size: is -1"),
      On<v1::CheckRulesRequest>(
          "NoFile", {}, [](auto&) {}, "files: is empty; send 1 to 100"),
      On<v1::CheckRulesRequest>(
          "FilesAtMax", {}, [](auto& r) { AddFiles(r, kCheckedFilesMax, 0); }, ""),
      On<v1::CheckRulesRequest>(
          "TooManyFiles", {}, [](auto& r) { AddFiles(r, kCheckedFilesMax + 1, 0); },
          "files[100]: is one file more than the 100"),
      On<v1::CheckRulesRequest>(
          "TextAtMax", {}, [](auto& r) { AddFiles(r, 2, kCheckedTextBytesMax / 2); }, ""),
      On<v1::CheckRulesRequest>(
          "TooMuchText", {}, [](auto& r) { AddFiles(r, 2, kCheckedTextBytesMax / 2 + 1); },
          "files[1].text: makes 3145730 bytes of files with `f`; at most 3145728"),
      On<v1::CheckRulesRequest>(
          "FileWithoutName", {}, [](auto& r) { r.add_files(); }, "files[0].name: has 0 bytes"),
      On<v1::CheckRulesRequest>(
          "FileNameAtMax", {},
          [](auto& r) { r.add_files()->set_name(std::string(kFileNameBytesMax, 'n')); }, ""),
      On<v1::CheckRulesRequest>(
          "FileNameTooLong", {},
          [](auto& r) { r.add_files()->set_name(std::string(kFileNameBytesMax + 1, 'n')); },
          "files[0].name: has 4097 bytes"),
      On<v1::TestRulesRequest>(
          "NoTests", {}, [](auto&) {}, "tests: is absent"),
      On<v1::TestRulesRequest>(
          "PatternOfNoFiles", tests, [](auto& r) { r.add_rule_files()->set_pattern("*.yml"); }, ""),
      On<v1::TestRulesRequest>(
          "NoPattern", tests, [](auto& r) { r.add_rule_files(); },
          "rule_files[0].pattern: has 0 bytes"),
      On<v1::TestRulesRequest>(
          "TestsCountToo", tests,
          [](auto& r) {
            r.add_rule_files()->set_pattern("p");
            AddFiles(*r.mutable_rule_files(0), kCheckedFilesMax, 0);
          },
          "rule_files[0].files[99]: is one file more than the 100"),
  };
}

INSTANTIATE_TEST_SUITE_P(Rules, RequestChecksTest, ValuesIn(RuleCases()), CaseName);

INSTANTIATE_TEST_SUITE_P(Admin, RequestChecksTest, ValuesIn(AdminCases()), CaseName);

INSTANTIATE_TEST_SUITE_P(Others, RequestChecksTest, ValuesIn(OtherCases()), CaseName);

TEST(PageSizeTest, TakesTheDefaultForZeroAndTheLimitForMore) {
  EXPECT_EQ(*PageSize(0), kPageSizeDefault);
  EXPECT_EQ(*PageSize(1), 1);
  EXPECT_EQ(*PageSize(kPageSizeMax), kPageSizeMax);
  EXPECT_EQ(*PageSize(kPageSizeMax + 1), kPageSizeMax);
}

}  // namespace
}  // namespace ora::contract
