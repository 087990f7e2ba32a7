#include "collector/config/host_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/memory_file_system.h"

namespace ora::collector {
namespace {

using testing::HasSubstr;

class HostIdentityTest : public testing::Test {
 protected:
  HostIdentityTest() {
    config_.set_state_directory("/state");
    Put("/proc/sys/kernel/hostname", "web-1\n");
    Put("/proc/sys/kernel/random/uuid", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\n");
  }

  void Put(const std::string& path, absl::string_view text) {
    const std::string directory = path.substr(0, path.rfind('/'));
    ASSERT_EQ(files_.CreateDirectories(directory), absl::OkStatus());
    ASSERT_EQ(files_.ReplaceWhole(path, text), absl::OkStatus());
  }
  absl::Status Resolve() { return ResolveIdentity({}, files_, config_); }

  config::v1::CollectorConfig config_;
  fakes::MemoryFileSystem files_;
};

TEST_F(HostIdentityTest, TakesTheHostsNameAndTheMachinesId) {
  Put("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  ASSERT_EQ(Resolve(), absl::OkStatus());
  EXPECT_EQ(config_.instance(), "web-1");
  EXPECT_EQ(config_.collector_id(), "0123456789abcdef0123456789abcdef");
}

TEST_F(HostIdentityTest, LeavesWhatTheConfigurationSays) {
  config_.set_instance("db-7");
  config_.set_collector_id("db-seven");
  ASSERT_EQ(Resolve(), absl::OkStatus());
  EXPECT_EQ(config_.instance(), "db-7");
  EXPECT_EQ(config_.collector_id(), "db-seven");
}

TEST_F(HostIdentityTest, KeepsAnIdToldByChanceWhereTheMachineHasNone) {
  Put("/etc/machine-id", "uninitialized\n");
  ASSERT_EQ(Resolve(), absl::OkStatus());
  const std::string id = config_.collector_id();
  EXPECT_EQ(id, "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");
  Put("/proc/sys/kernel/random/uuid", "ffffffff-4b5a-6978-8796-a5b4c3d2e1f0\n");
  config_.clear_collector_id();
  ASSERT_EQ(Resolve(), absl::OkStatus());
  EXPECT_EQ(config_.collector_id(), id);
}

TEST_F(HostIdentityTest, NamesTheFileOfAnIdThatIsNone) {
  Put("/state/collector-id", "Not An Id\n");
  const absl::Status status = Resolve();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("/state/collector-id"));
}

TEST_F(HostIdentityTest, SaysWhichSettingAHostWithoutANameNeeds) {
  Put("/proc/sys/kernel/hostname", "\n");
  EXPECT_THAT(Resolve().message(), HasSubstr("set instance"));
}

TEST_F(HostIdentityTest, DescribesTheHost) {
  Put("/etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  Put("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  Put("/proc/stat", "cpu  1 2\ncpu0 1 2\ncpu1 1 2\nbtime 1700000000\nprocesses 5\n");
  Put("/proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\n");
  const v1::HostDescription host = DescribeHost({}, files_);
  EXPECT_EQ(host.operating_system(), "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(host.kernel(), "6.1.0-18-amd64");
  EXPECT_EQ(host.cpu_count(), 2u);
  EXPECT_EQ(host.memory_bytes(), 16384u * 1024);
  EXPECT_EQ(host.boot_time().seconds(), 1'700'000'000);
}

TEST_F(HostIdentityTest, DescribesWhatTheHostDoesNotTellAsNothing) {
  EXPECT_EQ(DescribeHost({.proc = "/absent", .etc = "/absent"}, files_).cpu_count(), 0u);
}

}  // namespace
}  // namespace ora::collector
