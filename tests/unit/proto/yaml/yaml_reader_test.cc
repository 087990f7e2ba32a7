#include "proto/yaml/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "ora/config/v1/aggregator_config.pb.h"
#include "ora/config/v1/collector_config.pb.h"
#include "ora/state/v1/collector_state.pb.h"

namespace ora::yaml {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class YamlReaderTest : public ::testing::Test {
 protected:
  absl::Status ReadCollector(absl::string_view text) {
    return ReadYaml("ora.yml", text, collector_);
  }
  absl::Status ReadAggregator(absl::string_view text) {
    return ReadYaml("ora.yml", text, aggregator_);
  }
  void ExpectError(absl::string_view text, absl::string_view expected) {
    config::v1::CollectorConfig config;
    const absl::Status status = ReadYaml("ora.yml", text, config);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(status.message(), expected) << text;
  }

  config::v1::CollectorConfig collector_;
  config::v1::AggregatorConfig aggregator_;
};

TEST_F(YamlReaderTest, FillsScalarsListsAndNestedMessages) {
  const absl::Status read = ReadCollector(R"(
aggregator: ora.example:7460
sample_interval: 1m30s
logs:
  - include: [/var/log/*.log, "/srv/**/app.log"]
    category: application
    start: END
  - include:
      - /opt/x.log
processes:
  only_rules: true
  components_max: 50
spool:
  size_bytes_max: 64MiB
  when_full: drop_oldest
)");
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(collector_.aggregator(), "ora.example:7460");
  EXPECT_EQ(collector_.sample_interval().seconds(), 90);
  ASSERT_EQ(collector_.logs_size(), 2);
  EXPECT_THAT(collector_.logs(0).include(), ElementsAre("/var/log/*.log", "/srv/**/app.log"));
  EXPECT_EQ(collector_.logs(0).category(), config::v1::LOG_CATEGORY_APPLICATION);
  EXPECT_EQ(collector_.logs(0).start(), config::v1::START_POSITION_END);
  EXPECT_TRUE(collector_.processes().only_rules());
  EXPECT_EQ(collector_.processes().components_max(), 50u);
  EXPECT_EQ(collector_.spool().size_bytes_max(), uint64_t{64} << 20);
  EXPECT_EQ(collector_.spool().when_full(), config::v1::SPOOL_FULL_POLICY_DROP_OLDEST);
}

TEST_F(YamlReaderTest, KeepsPresenceOfOptionalFields) {
  ASSERT_TRUE(ReadAggregator("alerts: {growth_threshold_percent: 0}").ok());
  EXPECT_TRUE(aggregator_.alerts().has_growth_threshold_percent());
  EXPECT_FALSE(aggregator_.alerts().has_error_burst_lines());
}

TEST_F(YamlReaderTest, LeavesTheMessageAsItIsForAnEmptyTextAndAnEmptyField) {
  collector_.set_instance("kept");
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "instance:\n", "logs: ~\n"}) {
    EXPECT_TRUE(ReadCollector(text).ok()) << text;
    EXPECT_EQ(collector_.instance(), "kept");
  }
}

TEST_F(YamlReaderTest, ReadsSubsecondAndNegativeDurations) {
  ASSERT_TRUE(ReadCollector("poll_interval: 250ms\nsample_interval: -1.5s").ok());
  EXPECT_EQ(collector_.poll_interval().nanos(), 250'000'000);
  EXPECT_EQ(collector_.sample_interval().seconds(), -1);
  EXPECT_EQ(collector_.sample_interval().nanos(), -500'000'000);
}

TEST_F(YamlReaderTest, FillsMapFields) {
  state::v1::LogAccountState state;
  const absl::Status read = ReadYaml(
      "s.yml", "errors_by_type: {ValueError: 3, other: 4}\nresponse_buckets: [1, 2]", state);
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(state.errors_by_type().at("ValueError"), 3u);
  EXPECT_THAT(state.response_buckets(), ElementsAre(1, 2));
  EXPECT_FALSE(ReadYaml("s.yml", "errors_by_type: {a: 1, a: 2}", state).ok());
}

TEST_F(YamlReaderTest, NamesTheNearestFieldForAnUnknownOne) {
  ExpectError("logs:\n  - inclde: [/a]\n",
              "ora.yml:2:5: logs[0].inclde: no such field; did you mean include");
  ExpectError("host:\n  zzzzzz: 1\n",
              "ora.yml:2:3: host.zzzzzz: no such field; there are disabled");
}

TEST_F(YamlReaderTest, RefusesRepeatedKeys) {
  ExpectError("instance: a\ninstance: b\n", "ora.yml:2:1: instance: is written twice; keep one");
}

TEST_F(YamlReaderTest, RefusesValuesOfTheWrongShape) {
  ExpectError("logs: /a\n", "ora.yml:1:7: logs: is no list; write `- value` lines");
  ExpectError("logs:\n- include: /a\n",
              "ora.yml:2:12: logs[0].include: is no list; write `- value` lines");
  ExpectError("spool: 5\n", "ora.yml:1:8: spool: is no map; write `field: value` lines");
  ExpectError("instance: [a]\n", "ora.yml:1:11: instance: is no single value");
  ExpectError("- a\n", "ora.yml:1:1: is no map; write `field: value` lines");
}

TEST_F(YamlReaderTest, RefusesValuesOfTheWrongType) {
  ExpectError("host: {disabled: yes}\n",
              "ora.yml:1:18: host.disabled: `yes` is no boolean; write true or false");
  ExpectError("spool: {when_full: explode}\n",
              "ora.yml:1:20: spool.when_full: `explode` is none of stop_reading, drop_oldest");
  ExpectError("sample_interval: 10\n",
              "ora.yml:1:18: sample_interval: `10` is no duration; write it as 10s, 1h30m, 500ms "
              "or 30d");
}

TEST_F(YamlReaderTest, RefusesTheUnspecifiedValueOfAnEnum) {
  EXPECT_FALSE(ReadCollector("spool: {when_full: unspecified}").ok());
}

TEST_F(YamlReaderTest, TakesWholeNumbersUpToTheirTypesLimitAndNoFurther) {
  EXPECT_TRUE(ReadCollector("processes: {components_max: 4294967295}").ok());
  ExpectError("processes: {components_max: 4294967296}\n",
              "ora.yml:1:29: processes.components_max: `4294967296` is out of range: 0 to "
              "4294967295");
  EXPECT_FALSE(ReadCollector("processes: {components_max: -1}").ok());
}

TEST_F(YamlReaderTest, SaysWhereTheTextIsNoYaml) {
  const absl::Status status = ReadCollector("instance: a\nlogs: [\n");
  EXPECT_THAT(std::string(status.message()), HasSubstr("ora.yml:"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(YamlReaderTest, RefusesSeveralDocumentsAndBytesThatAreNoText) {
  EXPECT_FALSE(ReadCollector("instance: a\n---\ninstance: b\n").ok());
  EXPECT_FALSE(ReadCollector("instance: \"a\xFF\"\n").ok());
}

TEST_F(YamlReaderTest, RefusesATextOneByteTooLong) {
  std::string text = "instance: a\n#";
  text.resize(kYamlBytesMax, 'x');
  EXPECT_TRUE(ReadCollector(text).ok());
  text.push_back('x');
  EXPECT_FALSE(ReadCollector(text).ok());
}

TEST_F(YamlReaderTest, BoundsTheTextThatAliasesRepeat) {
  const std::string text = std::string(size_t{2} << 20, 'x');
  const std::string start = "logs: [{include: [&long \"" + text + "\"";
  const std::string end = "]}]\n";
  EXPECT_TRUE(ReadCollector(start + ", *long, *long, *long" + end).ok());
  const absl::Status past = ReadCollector(start + ", *long, *long, *long, *long" + end);
  EXPECT_EQ(past.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(past.message()), testing::HasSubstr("write fewer aliases"));
}

TEST_F(YamlReaderTest, RefusesWhatFollowsTheDocumentWithoutReadingItForEver) {
  ExpectError(",", "ora.yml:1:1: follows the end of the document; keep one document");
  ExpectError("{instance: a}\n, b\n",
              "ora.yml:2:1: follows the end of the document; keep one document");
  ExpectError("---\n---\ninstance: a\n",
              "ora.yml:2:1: follows the end of the document; keep one document");
  EXPECT_TRUE(ReadCollector("---\ninstance: a\n...\n").ok());
}

TEST_F(YamlReaderTest, BoundsTheWorkOfAliases) {
  std::string text = "logs:\n- include: &a [x";
  for (int i = 0; i < 2'000; ++i) absl::StrAppend(&text, ",x");
  absl::StrAppend(&text, "]\n");
  for (int i = 0; i < 2'000; ++i) absl::StrAppend(&text, "- include: *a\n");
  EXPECT_THAT(std::string(ReadCollector(text).message()), HasSubstr("1000000 values"));
}

TEST_F(YamlReaderTest, RefusesTextsThatAreNestedWithoutEnd) {
  EXPECT_FALSE(ReadCollector(std::string(100'000, '[')).ok());
  EXPECT_FALSE(ReadCollector("logs: &a\n- *a\n").ok());
}

TEST_F(YamlReaderTest, PutsThePositionInFrontOfAValidationError) {
  const auto invalid = [] {
    return absl::InvalidArgumentError("logs[1].include[7].x: is not absolute");
  };
  const absl::Status status =
      LoadConfig("ora.yml", "logs:\n- start: end\n- include: [/a]\n", collector_, invalid);
  EXPECT_EQ(status.message(), "ora.yml:3:3: logs[1].include[7].x: is not absolute");
}

TEST_F(YamlReaderTest, NamesTheFileAloneForAFieldThatWasNotWritten) {
  const auto invalid = [] { return absl::InvalidArgumentError("spool: is too small"); };
  EXPECT_EQ(LoadConfig("ora.yml", "instance: a\n", collector_, invalid).message(),
            "ora.yml: spool: is too small");
}

}  // namespace
}  // namespace ora::yaml
