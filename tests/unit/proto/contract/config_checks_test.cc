#include "proto/contract/config_checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/contract/limits.h"
#include "proto/yaml/yaml_reader.h"

namespace ora::contract {
namespace {

using config::v1::AggregatorConfig;
using config::v1::CollectorConfig;

constexpr char kDirectory[] = "tests/data/config";

struct ConfigFile {
  std::string name;
  std::string text;
};

std::vector<ConfigFile> FilesEndingIn(const std::string& suffix) {
  std::vector<ConfigFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory)) {
    const std::string name = entry.path().filename();
    if (!absl::EndsWith(name, suffix)) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    files.push_back({name, text.str()});
  }
  std::sort(files.begin(), files.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return files;
}

template <typename Config>
absl::Status LoadAs(const ConfigFile& file) {
  Config config;
  return yaml::LoadConfig(file.name, file.text, config, [&] { return Validate(config); });
}

absl::Status Load(const ConfigFile& file) {
  return absl::StartsWith(file.name, "collector") ? LoadAs<CollectorConfig>(file)
                                                  : LoadAs<AggregatorConfig>(file);
}

TEST(ConfigChecksTest, AcceptsEveryGoodFile) {
  const std::vector<ConfigFile> files = FilesEndingIn(".good.yml");
  ASSERT_GE(files.size(), 3u);
  for (const ConfigFile& file : files) {
    EXPECT_EQ(Load(file), absl::OkStatus()) << file.name;
  }
}

TEST(ConfigChecksTest, RefusesEveryBadFileWithTheErrorThatItsFirstLineTells) {
  const std::vector<ConfigFile> files = FilesEndingIn(".bad.yml");
  ASSERT_GE(files.size(), 30u);
  for (const ConfigFile& file : files) {
    const std::string first_line = file.text.substr(2, file.text.find('\n') - 2);
    const absl::Status status = Load(file);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << file.name;
    EXPECT_EQ(status.message(), absl::StrReplaceAll(first_line, {{"FILE", file.name}}));
  }
}

TEST(ConfigChecksTest, DefaultsOfTheCollectorAreValidAndChangeNothingTheSecondTime) {
  CollectorConfig config;
  FillDefaults(config);
  EXPECT_TRUE(Validate(config).ok());
  EXPECT_EQ(config.aggregator(), "127.0.0.1:7460");
  EXPECT_EQ(config.sample_interval().seconds(), 10);
  EXPECT_EQ(config.poll_interval().nanos(), 500'000'000);
  EXPECT_EQ(config.unfinished_line_timeout().seconds(), 5);
  EXPECT_EQ(config.open_files_max(), 512u);
  EXPECT_FALSE(config.journal().followed());
  EXPECT_EQ(config.spool().size_bytes_max(), uint64_t{1} << 30);
  EXPECT_EQ(config.processes().components_max(), 200u);
  ASSERT_EQ(config.logs_size(), 1);
  EXPECT_EQ(config.logs(0).include(0), "/var/log/**/*.log");
  EXPECT_EQ(config.logs(0).start(), config::v1::START_POSITION_BEGINNING);
  EXPECT_TRUE(config.instance().empty());
  CollectorConfig again = config;
  FillDefaults(again);
  EXPECT_EQ(again.DebugString(), config.DebugString());
}

TEST(ConfigChecksTest, DefaultsOfTheAggregatorAreValidAndChangeNothingTheSecondTime) {
  AggregatorConfig config;
  FillDefaults(config);
  EXPECT_TRUE(Validate(config).ok());
  EXPECT_EQ(config.listen(), "127.0.0.1:7460");
  EXPECT_EQ(config.storage_uri(), "file:///var/lib/ora/aggregator");
  EXPECT_EQ(config.storage().retention().seconds(), 30 * 86'400);
  EXPECT_EQ(config.alerts().monitor_interval().seconds(), 600);
  EXPECT_EQ(config.alerts().growth_threshold_percent(), 50);
  EXPECT_EQ(config.alerts().error_rate_threshold_percent(), 10);
  EXPECT_EQ(config.alerts().response_time_threshold_seconds(), 2);
  EXPECT_EQ(config.query().timeout().seconds(), 120);
  EXPECT_EQ(config.query().samples_max(), 50'000'000u);
  EXPECT_EQ(config.query().series_max(), 1'000'000u);
  EXPECT_EQ(config.query().steps_max(), 11'000u);
  EXPECT_EQ(config.query().result_bytes_max(), uint64_t{256} << 20);
  EXPECT_EQ(config.query().concurrent_per_client_max(), 8u);
  EXPECT_EQ(config.query().concurrent_max(), 32u);
  AggregatorConfig again = config;
  FillDefaults(again);
  EXPECT_EQ(again.DebugString(), config.DebugString());
}

TEST(ConfigChecksTest, DefaultsLeaveWhatIsWritten) {
  AggregatorConfig config;
  config.mutable_alerts()->set_error_rate_lines_min(0);
  config.mutable_storage()->set_series_max(7);
  FillDefaults(config);
  EXPECT_EQ(config.alerts().error_rate_lines_min(), 0);
  EXPECT_EQ(config.storage().series_max(), 7u);
}

TEST(ConfigChecksTest, TiersAreKeptForTheirTimeOrAsLongAsFinerSamples) {
  AggregatorConfig config;
  FillDefaults(config);
  EXPECT_EQ(config.storage().retention_5m().seconds(), 180 * 86'400);
  EXPECT_EQ(config.storage().retention_1h().seconds(), 730 * 86'400);
  EXPECT_EQ(config.storage().open_bytes_max(), uint64_t{320} << 20);
  EXPECT_EQ(config.storage().disk_bytes_max(), 0u);
  AggregatorConfig longer;
  longer.mutable_storage()->mutable_retention()->set_seconds(1'000 * 86'400);
  EXPECT_TRUE(Validate(longer).ok()) << Validate(longer);
  FillDefaults(longer);
  EXPECT_EQ(longer.storage().retention_5m().seconds(), 1'000 * 86'400);
  EXPECT_EQ(longer.storage().retention_1h().seconds(), 1'000 * 86'400);
}

TEST(ConfigChecksTest, TiersThatAreNotWantedStayOut) {
  AggregatorConfig config;
  config.mutable_storage()->mutable_retention_5m();
  config::v1::RetentionRule& rule = *config.mutable_storage()->add_retention_rules();
  rule.set_name("a");
  rule.set_match("up");
  rule.mutable_retention()->set_seconds(3'600);
  EXPECT_TRUE(Validate(config).ok()) << Validate(config);
  FillDefaults(config);
  EXPECT_TRUE(Validate(config).ok()) << Validate(config);
  EXPECT_EQ(config.storage().retention_5m().seconds(), 0);
  EXPECT_EQ(config.storage().retention_rules(0).retention_1h().seconds(), 0);
  EXPECT_EQ(config.storage().retention_rules(0).retention().seconds(), 3'600);
}

TEST(ConfigChecksTest, RuleFilesAreLimited) {
  AggregatorConfig config;
  for (size_t i = 0; i < kRuleFilesMax; ++i) config.mutable_rules()->add_files("/a.yml");
  EXPECT_TRUE(Validate(config).ok());
  config.mutable_rules()->add_files("/a.yml");
  EXPECT_EQ(Validate(config).message(), "rules.files: has 1001 entries; at most 1000");
}

TEST(ConfigChecksTest, CountsOfListsAreLimited) {
  CollectorConfig config;
  for (size_t i = 0; i < kLogSourcesMax; ++i) config.add_logs()->add_include("/a");
  for (size_t i = 1; i < kGlobsMax; ++i) config.mutable_logs(0)->add_include("/a");
  for (size_t i = 0; i < kProcessRulesMax; ++i) {
    config.mutable_processes()->add_rules()->set_component("a");
  }
  EXPECT_TRUE(Validate(config).ok());
  CollectorConfig more = config;
  more.add_logs()->add_include("/a");
  EXPECT_EQ(Validate(more).message(), "logs: has 1001 entries; at most 1000");
  more = config;
  more.mutable_logs(0)->add_include("/a");
  EXPECT_EQ(Validate(more).message(), "logs[0].include: has 101 entries; at most 100");
  more = config;
  more.mutable_processes()->add_rules()->set_component("a");
  EXPECT_EQ(Validate(more).message(), "processes.rules: has 1001 entries; at most 1000");
  AggregatorConfig limits;
  for (size_t i = 0; i < kComponentLimitsMax; ++i) {
    limits.mutable_alerts()->add_components()->set_component(absl::StrCat("c", i));
  }
  EXPECT_TRUE(Validate(limits).ok());
  limits.mutable_alerts()->add_components()->set_component("one more");
  EXPECT_FALSE(Validate(limits).ok());
}

TEST(ConfigChecksTest, InstancesAreLimitedInBytes) {
  CollectorConfig config;
  config.set_instance(std::string(kInstanceBytesMax, 'i'));
  EXPECT_TRUE(Validate(config).ok());
  config.set_instance(std::string(kInstanceBytesMax + 1, 'i'));
  EXPECT_EQ(Validate(config).message(), "instance: has 256 bytes; at most 255");
}

}  // namespace
}  // namespace ora::contract
