#include "collector/config/load_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/env/posix_file_system.h"
#include "tests/fakes/memory_file_system.h"

namespace ora::collector {
namespace {

using testing::HasSubstr;

class LoadConfigTest : public testing::Test {
 protected:
  absl::StatusOr<config::v1::CollectorConfig> Load(absl::string_view text) {
    EXPECT_EQ(files_.CreateDirectories("/etc"), absl::OkStatus());
    EXPECT_EQ(files_.ReplaceWhole("/etc/collector.yml", text), absl::OkStatus());
    return LoadCollectorConfig("/etc/collector.yml", overrides_, files_);
  }

  ConfigOverrides overrides_;
  fakes::MemoryFileSystem files_;
};

TEST_F(LoadConfigTest, WithoutAFileEverythingIsAtItsDefault) {
  const auto config = LoadCollectorConfig("", {}, files_);
  ASSERT_EQ(config.status(), absl::OkStatus());
  EXPECT_EQ(config->aggregator(), "127.0.0.1:7460");
  EXPECT_EQ(config->state_directory(), "/var/lib/ora/collector");
  EXPECT_EQ(config->sample_interval().seconds(), 10);
  EXPECT_GT(config->logs(0).include_size(), 0);
  EXPECT_EQ(config->instance(), "");  // The host's to say.
}

TEST_F(LoadConfigTest, ReadsTheFileAndFillsInTheRest) {
  const auto config = Load("aggregator: ora.example:7460\nlogs:\n- include: [/srv/*.log]\n");
  ASSERT_EQ(config.status(), absl::OkStatus());
  EXPECT_EQ(config->aggregator(), "ora.example:7460");
  EXPECT_EQ(config->logs(0).include(0), "/srv/*.log");
  EXPECT_EQ(config->spool().size_bytes_max(), uint64_t{1} << 30);
}

TEST_F(LoadConfigTest, TheCommandLineComesBeforeTheFile) {
  overrides_ = {.aggregator = "b:2", .state_directory = "/srv/state", .instance = "web-2"};
  const auto config = Load("aggregator: a:1\ninstance: web-1\nstate_directory: /srv/x\n");
  ASSERT_EQ(config.status(), absl::OkStatus());
  EXPECT_EQ(config->aggregator(), "b:2");
  EXPECT_EQ(config->state_directory(), "/srv/state");
  EXPECT_EQ(config->instance(), "web-2");
}

TEST_F(LoadConfigTest, ChecksTheCommandLineToo) {
  overrides_.state_directory = "relative";
  const auto config = LoadCollectorConfig("", overrides_, files_);
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(config.status().message(), HasSubstr("command line: state_directory"));
}

TEST_F(LoadConfigTest, NamesFileLineAndColumnOfAnError) {
  const auto unknown = Load("agregator: a:1\n");
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(unknown.status().message(), HasSubstr("/etc/collector.yml:1:1: agregator"));
  const auto range = Load("instance: web-1\nsample_interval: 1ms\n");
  EXPECT_EQ(range.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(range.status().message(), HasSubstr("/etc/collector.yml:2:1: sample_interval"));
}

TEST_F(LoadConfigTest, NamesAFileThatIsNotThere) {
  const auto config = LoadCollectorConfig("/etc/absent.yml", {}, files_);
  EXPECT_EQ(config.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(config.status().message(), HasSubstr("/etc/absent.yml"));
}

TEST(CollectorExampleTest, TheExampleIsGood) {
  storage::PosixFileSystem files;
  EXPECT_EQ(LoadCollectorConfig("deploy/config/collector.yml", {}, files).status(),
            absl::OkStatus());
}

}  // namespace
}  // namespace ora::collector
