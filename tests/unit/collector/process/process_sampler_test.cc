#include "collector/process/process_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "collector/process/proc_records.h"
#include "storage/env/posix_file_system.h"
#include "tests/fakes/manual_clock.h"
#include "tests/unit/collector/process/proc_tree.h"
#include "tests/unit/collector/recording_sink.h"

namespace ora::collector {
namespace {

using testing::HasSubstr;

class ProcessSamplerTest : public testing::Test {
 protected:
  ProcessSamplerTest() { tree_.Write("stat", "cpu 1 2 3\nbtime 1000\nprocesses 5\n"); }

  void Start() { Start(tree_.root()); }
  void Start(const std::string& root) {
    auto made = ProcessSampler::Make(config_, root, files_, clock_, counters_);
    ASSERT_TRUE(made.ok()) << made.status();
    sampler_ = *std::move(made);
  }

  void Tick() {
    sink_.BeginTick();
    sampler_->Sample(sink_);
  }

  void Run(const FakeProcess& process) {
    const std::string pid = absl::StrCat(process.pid);
    tree_.Write(pid + "/stat", StatOf(process));
    tree_.Write(pid + "/cmdline", std::string("/usr/bin/") + process.comm + '\0' + "--x" + '\0');
    tree_.Write(pid + "/io", "rchar: 9\nread_bytes: 4096\nwrite_bytes: 8192\n");
    tree_.Write(pid + "/limits", "Limit   Soft\nMax open files            1024     4096   files\n");
    tree_.Write(pid + "/fd/0", "");
    tree_.Write(pid + "/fd/1", "");
  }

  double Value(const std::string& metric, const std::string& component) {
    return sink_.Value(metric + "{component=\"" + component + "\",job=\"process\"}").value_or(-1);
  }

  const double tick_seconds_ = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcTree tree_{"processes"};
  config::v1::ProcessConfig config_;
  storage::PosixFileSystem files_;
  fakes::ManualClock clock_;
  storage::Counters counters_;
  std::unique_ptr<ProcessSampler> sampler_;
  RecordingSink sink_;
};

TEST_F(ProcessSamplerTest, SumsTheProcessesOfAComponent) {
  Run({.pid = 10, .comm = "web", .cpu_ticks = 90, .start_ticks = 500});
  Run({.pid = 11, .comm = "web", .cpu_ticks = 190, .start_ticks = 300});
  Start();
  Tick();
  EXPECT_DOUBLE_EQ(Value("process_cpu_seconds_total", "web"), 300 * tick_seconds_);
  EXPECT_DOUBLE_EQ(Value("process_resident_memory_bytes", "web"),
                   200.0 * static_cast<double>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(Value("process_virtual_memory_bytes", "web"), 2 * 4096000);
  EXPECT_EQ(Value("process_open_fds", "web"), 4);
  EXPECT_EQ(Value("process_max_fds", "web"), 2048);
  EXPECT_DOUBLE_EQ(Value("process_start_time_seconds", "web"), 1000 + 300 * tick_seconds_);
  EXPECT_EQ(Value("process_threads", "web"), 4);
  EXPECT_EQ(Value("process_major_page_faults_total", "web"), 6);
  EXPECT_EQ(Value("process_io_read_bytes_total", "web"), 8192);
  EXPECT_EQ(Value("process_io_write_bytes_total", "web"), 16384);
  EXPECT_EQ(Value("ora_process_count", "web"), 2);
}

TEST_F(ProcessSamplerTest, KeepsWhatTheDeadHaveUsed) {
  Run({.pid = 10, .comm = "web", .cpu_ticks = 90});
  Run({.pid = 11, .comm = "web", .cpu_ticks = 190});
  Start();
  Tick();
  tree_.Remove("11");
  tree_.Overwrite("10/stat", StatOf({.pid = 10, .comm = "web", .cpu_ticks = 100}));
  Tick();
  // The handle of 11 outlives its file here: it is the listing that says that it is gone.
  EXPECT_DOUBLE_EQ(Value("process_cpu_seconds_total", "web"), 310 * tick_seconds_);
  EXPECT_EQ(Value("ora_process_count", "web"), 1);
  tree_.Remove("10");
  Tick();
  EXPECT_EQ(Value("process_cpu_seconds_total", "web"), -1);
  Run({.pid = 12, .comm = "web", .cpu_ticks = 0, .start_ticks = 900});
  Tick();
  EXPECT_DOUBLE_EQ(Value("process_cpu_seconds_total", "web"), 320 * tick_seconds_);
}

TEST_F(ProcessSamplerTest, ANumberThatIsGivenAnewIsAnotherProcess) {
  Run({.pid = 10, .comm = "web", .cpu_ticks = 90});
  Start();
  Tick();
  tree_.Overwrite("10/stat",
                  StatOf({.pid = 10, .comm = "web", .cpu_ticks = 40, .start_ticks = 700}));
  Tick();
  EXPECT_DOUBLE_EQ(Value("process_cpu_seconds_total", "web"), 150 * tick_seconds_);
}

TEST_F(ProcessSamplerTest, AProcessThatBecomesAnotherProgramMoves) {
  Run({.pid = 10, .comm = "sh", .cpu_ticks = 90});
  Start();
  Tick();
  tree_.Overwrite("10/stat", StatOf({.pid = 10, .comm = "web", .cpu_ticks = 140}));
  Tick();
  EXPECT_EQ(Value("ora_process_count", "sh"), -1);
  EXPECT_DOUBLE_EQ(Value("process_cpu_seconds_total", "web"), 50 * tick_seconds_);
}

TEST_F(ProcessSamplerTest, KernelThreadsAreOneComponent) {
  Run({.pid = 2, .comm = "kthreadd", .flags = 0x00200000});
  Run({.pid = 3, .comm = "kworker/0:1 (x)", .flags = 0x00208040});
  Start();
  Tick();
  EXPECT_EQ(Value("ora_process_count", "kernel"), 2);
  EXPECT_EQ(Value("process_open_fds", "kernel"), -1);
}

TEST_F(ProcessSamplerTest, TheFirstRuleThatMatchesNamesTheComponent) {
  config::v1::ProcessRule* rule = config_.add_rules();
  rule->set_component("app-$1");
  rule->set_command_line_regex("bin/(w.b) --x");
  rule = config_.add_rules();
  rule->set_component("shell");
  rule->set_name("bash");
  Run({.pid = 10, .comm = "web"});
  Run({.pid = 11, .comm = "bash"});
  Run({.pid = 12, .comm = "cron"});
  Start();
  Tick();
  EXPECT_EQ(Value("ora_process_count", "app-web"), 1);
  EXPECT_EQ(Value("ora_process_count", "shell"), 1);
  EXPECT_EQ(Value("ora_process_count", "cron"), 1);
}

TEST_F(ProcessSamplerTest, OnlyRulesLeavesTheRestOut) {
  config_.set_only_rules(true);
  config::v1::ProcessRule* rule = config_.add_rules();
  rule->set_component("shell");
  rule->set_name("bash");
  Run({.pid = 2, .comm = "kthreadd", .flags = 0x00200000});
  Run({.pid = 11, .comm = "bash"});
  Run({.pid = 12, .comm = "cron"});
  Start();
  Tick();
  EXPECT_EQ(Value("ora_process_count", "shell"), 1);
  EXPECT_EQ(Value("ora_process_count", "cron"), -1);
  EXPECT_EQ(Value("ora_process_count", "kernel"), -1);
}

TEST_F(ProcessSamplerTest, ComponentsPastTheLimitAreOther) {
  config_.set_components_max(2);
  for (int pid = 10; pid < 12; ++pid) Run({.pid = pid, .comm = absl::StrCat("c", pid)});
  Start();
  Tick();
  EXPECT_EQ(Value("ora_process_count", "c11"), 1);
  EXPECT_EQ(Value("ora_process_count", "other"), -1);
  Run({.pid = 12, .comm = "c12"});
  Run({.pid = 13, .comm = "c13"});
  Tick();
  EXPECT_EQ(Value("ora_process_count", "c12"), -1);
  EXPECT_EQ(Value("ora_process_count", "other"), 2);
}

TEST_F(ProcessSamplerTest, ALongNameIsTakenFromTheCommandLine) {
  Run({.pid = 10, .comm = "a-very-long-nam"});
  tree_.Write("10/cmdline", std::string("/opt/a-very-long-name-indeed") + '\0' + "-x" + '\0');
  Start();
  Tick();
  EXPECT_EQ(Value("ora_process_count", "a-very-long-name-indeed"), 1);
}

TEST_F(ProcessSamplerTest, ARegularExpressionThatIsNoneIsRefused) {
  config_.add_rules()->set_command_line_regex("(");
  const auto made = ProcessSampler::Make(config_, tree_.root(), files_, clock_, counters_);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(made.status().message()),
              HasSubstr("processes.rules[0].command_line_regex: \"(\""));
}

TEST_F(ProcessSamplerTest, ADamagedRecordIsCountedAndLeftOut) {
  tree_.Write("10/stat", "10 (web S 1");
  Start();
  Tick();
  EXPECT_TRUE(sink_.values().empty());
  EXPECT_EQ(counters_.Get("ora_process_read_errors_total").Value(), 1u);
}

TEST_F(ProcessSamplerTest, SeesItselfOnThisHost) {
  Start("/proc");
  Tick();
  const std::map<std::string, double> first = sink_.values();
  EXPECT_GE(Value("ora_process_count", "process_sampler_test"), 1);
  EXPECT_GT(Value("process_resident_memory_bytes", "process_sampler_test"), 0);
  EXPECT_GE(Value("process_open_fds", "process_sampler_test"), 3);
  EXPECT_GT(Value("process_start_time_seconds", "process_sampler_test"), 1e9);
  Tick();
  for (const auto& [series, value] : sink_.values()) {
    const auto before = first.find(series);
    if (before == first.end() || !absl::StrContains(series, "_total{")) continue;
    EXPECT_GE(value, before->second) << series;
  }
  EXPECT_EQ(sink_.doubled(), 0);
}

TEST(ProcRecordsTest, RefuseWhatIsCutOff) {
  const std::string whole = StatOf({.pid = 1, .comm = "a) b ("});
  const auto stat = ParseProcStat(whole);
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->comm, "a) b (");
  EXPECT_EQ(stat->resident_pages, 100u);
  const size_t fields_end = whole.find(" 100 18446744073709551615");
  for (size_t size = 0; size <= fields_end; ++size) {
    EXPECT_FALSE(ParseProcStat(whole.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(ParseProcIo("read_bytes: x\nwrite_bytes: 1\n").has_value());
  EXPECT_FALSE(ParseOpenFilesLimit("Max open files  unlimited  unlimited files\n").has_value());
}

}  // namespace
}  // namespace ora::collector
