#include "aggregator/config/load_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "proto/contract/config_checks.h"
#include "proto/contract/limits.h"
#include "proto/yaml/yaml_reader.h"
#include "storage/env/posix_file_system.h"

namespace ora::aggregator {
namespace {

using ::testing::HasSubstr;

class LoadConfigTest : public ::testing::Test {
 protected:
  std::string Write(absl::string_view text) {
    const std::string path = absl::StrCat(::testing::TempDir(), "/load_config_test.yml");
    EXPECT_TRUE(file_system_.ReplaceWhole(path, text).ok());
    return path;
  }

  storage::PosixFileSystem file_system_;
};

TEST_F(LoadConfigTest, WithoutAFileEverythingIsAtItsDefault) {
  const auto config = LoadAggregatorConfig("", file_system_);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->listen(), "127.0.0.1:7460");
}

TEST_F(LoadConfigTest, ReadsTheFileAndFillsInTheRest) {
  const auto config = LoadAggregatorConfig(Write("listen: 0.0.0.0:9\n"), file_system_);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen(), "0.0.0.0:9");
  EXPECT_EQ(config->alerts().growth_threshold_percent(), 50);
}

TEST_F(LoadConfigTest, NamesFileLineAndColumnOfAnError) {
  const std::string path = Write("alerts:\n  monitor_interval: 1s\n");
  const auto config = LoadAggregatorConfig(path, file_system_);
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(config.status().message(),
            absl::StrCat(path, ":2:3: alerts.monitor_interval: is 1s; write 10s to 24h"));
}

TEST_F(LoadConfigTest, NamesAFileThatIsNotThere) {
  const auto config = LoadAggregatorConfig("/nonexistent/ora.yml", file_system_);
  EXPECT_EQ(config.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(config.status().message()), HasSubstr("/nonexistent/ora.yml"));
}

TEST_F(LoadConfigTest, TheExampleOfTheAggregatorHoldsTheDefaults) {
  const auto example = LoadAggregatorConfig("deploy/config/aggregator.yml", file_system_);
  ASSERT_TRUE(example.ok()) << example.status();
  const auto defaults = LoadAggregatorConfig("", file_system_);
  EXPECT_EQ(example->DebugString(), defaults->DebugString());
}

TEST_F(LoadConfigTest, TheExampleOfTheCollectorIsValidAndHoldsTheDefaultLogs) {
  const std::string path = "deploy/config/collector.yml";
  const auto text = file_system_.ReadWhole(path, contract::kConfigBytesMax);
  ASSERT_TRUE(text.ok()) << text.status();
  config::v1::CollectorConfig example;
  const absl::Status loaded =
      yaml::LoadConfig(path, *text, example, [&] { return contract::Validate(example); });
  ASSERT_TRUE(loaded.ok()) << loaded;
  contract::FillDefaults(example);
  config::v1::CollectorConfig defaults;
  contract::FillDefaults(defaults);
  ASSERT_EQ(example.logs_size(), 2);
  EXPECT_EQ(example.logs(1).DebugString(), defaults.logs(0).DebugString());
  EXPECT_EQ(example.spool().DebugString(), defaults.spool().DebugString());
}

}  // namespace
}  // namespace ora::aggregator
