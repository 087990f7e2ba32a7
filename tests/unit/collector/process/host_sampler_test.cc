#include "collector/process/host_sampler.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "storage/env/posix_file_system.h"
#include "tests/fakes/manual_clock.h"
#include "tests/unit/collector/process/proc_tree.h"
#include "tests/unit/collector/recording_sink.h"

namespace ora::collector {
namespace {

class HostSamplerTest : public testing::Test {
 protected:
  // A whole and sound tree.
  void WriteAll() {
    tree_.Write("stat",
                "cpu  3 0 0 0 0 0 0 0 0 0\ncpu0 100 2 30 4000 5 6 7 8 0 0\n"
                "cpu1 1 2 3 4 5 6 7 8 0 0\nintr 5 0 0\nctxt 12\nbtime 1000\nprocesses 34\n"
                "procs_running 2\nprocs_blocked 1\nsoftirq 1 2\n");
    tree_.Write("meminfo", "MemTotal:       100 kB\nActive(anon):    7 kB\nHugePages_Total:   3\n");
    tree_.Write("loadavg", "0.50 0.25 1.75 1/200 3000\n");
    tree_.Write("vmstat", "nr_free_pages 5\npgpgin 6\npgfault 7\noom_kill 1\n");
    tree_.Write("sys/fs/file-nr", "1717\t0\t2466170\n");
    tree_.Write("diskstats",
                "   7 0 loop0 1 0 0 0 0 0 0 0 0 0 0\n"
                " 254 0 vda 10 1 20 500 11 2 40 1500 3 2500 3500 0 0 0 0 0 0\n"
                " 254 1 vda1 10 1 20 500 11 2 40 1500 3 2500 3500 0 0 0 0 0 0\n");
    tree_.Write("net/dev",
                "Inter-|   Receive  |  Transmit\n face |bytes packets |bytes packets\n"
                "  eth0:100 2 3 4 0 0 0 0 500 6 7 8 0 0 0 0\n");
    tree_.Write("self/mounts", absl::StrCat("proc /proc proc rw 0 0\n/dev/a ", tree_.root(),
                                            " ext4 rw 0 0\nserver:/x /mnt nfs4 rw 0 0\n"));
    for (const char* resource : {"cpu", "io", "memory"}) {
      tree_.Write(absl::StrCat("pressure/", resource),
                  "some avg10=1.00 avg60=0.00 avg300=0.00 total=2500000\n"
                  "full avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n");
    }
    tree_.Write("sys/kernel/ostype", "Linux\n");
    tree_.Write("sys/kernel/osrelease", "6.1.0\n");
  }

  void Start() { Start(tree_.root()); }
  void Start(const std::string& root) {
    sampler_ = HostSampler::Make(root, "/sys", files_, clock_, counters_);
  }

  void Tick() {
    sink_.BeginTick();
    sampler_->Sample(sink_);
  }

  // By its labels but job, sorted.
  double Value(const std::string& metric, const std::string& before_job = "",
               const std::string& after_job = "") {
    return sink_
        .Value(absl::StrCat(metric, "{", before_job, before_job.empty() ? "" : ",", "job=\"node\"",
                            after_job.empty() ? "" : ",", after_job, "}"))
        .value_or(-1);
  }

  uint64_t Errors() { return counters_.Get("ora_host_read_errors_total").Value(); }

  const double ticks_per_second_ = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcTree tree_{"host"};
  storage::PosixFileSystem files_;
  fakes::ManualClock clock_;
  storage::Counters counters_;
  std::unique_ptr<HostSampler> sampler_;
  RecordingSink sink_;
};

TEST_F(HostSamplerTest, TellsCpuAndKernel) {
  WriteAll();
  Start();
  Tick();
  EXPECT_DOUBLE_EQ(Value("node_cpu_seconds_total", "cpu=\"0\"", "mode=\"idle\""),
                   4000 / ticks_per_second_);
  EXPECT_DOUBLE_EQ(Value("node_cpu_seconds_total", "cpu=\"1\"", "mode=\"steal\""),
                   8 / ticks_per_second_);
  EXPECT_EQ(Value("node_context_switches_total"), 12);
  EXPECT_EQ(Value("node_forks_total"), 34);
  EXPECT_EQ(Value("node_procs_running"), 2);
  EXPECT_EQ(Value("node_procs_blocked"), 1);
  EXPECT_EQ(Value("node_boot_time_seconds"), 1000);
  EXPECT_EQ(Value("node_load1"), 0.5);
  EXPECT_EQ(Value("node_load5"), 0.25);
  EXPECT_EQ(Value("node_load15"), 1.75);
  EXPECT_EQ(Value("node_vmstat_pgfault"), 7);
  EXPECT_EQ(Value("node_vmstat_oom_kill"), 1);
  EXPECT_EQ(Value("node_filefd_allocated"), 1717);
  EXPECT_EQ(Value("node_filefd_maximum"), 2466170);
  EXPECT_EQ(Value("node_pressure_cpu_waiting_seconds_total"), 2.5);
  EXPECT_EQ(Value("node_pressure_cpu_stalled_seconds_total"), -1);
  EXPECT_EQ(Value("node_pressure_memory_stalled_seconds_total"), 0.5);
  EXPECT_EQ(Value("node_time_seconds"), 1767225600);
  EXPECT_EQ(Value("node_uname_info", "", "release=\"6.1.0\",sysname=\"Linux\""), 1);
  EXPECT_EQ(Errors(), 0u);
}

TEST_F(HostSamplerTest, TellsMemoryInBytes) {
  WriteAll();
  Start();
  Tick();
  EXPECT_EQ(Value("node_memory_MemTotal_bytes"), 102400);
  EXPECT_EQ(Value("node_memory_Active_anon_bytes"), 7168);
  EXPECT_EQ(Value("node_memory_HugePages_Total"), 3);
}

TEST_F(HostSamplerTest, TellsDisksButNotTheirPartitions) {
  WriteAll();
  Start();
  Tick();
  EXPECT_EQ(Value("node_disk_reads_completed_total", "device=\"vda\""), 10);
  EXPECT_EQ(Value("node_disk_read_bytes_total", "device=\"vda\""), 10240);
  EXPECT_EQ(Value("node_disk_written_bytes_total", "device=\"vda\""), 20480);
  EXPECT_EQ(Value("node_disk_io_now", "device=\"vda\""), 3);
  EXPECT_EQ(Value("node_disk_io_time_seconds_total", "device=\"vda\""), 2.5);
  EXPECT_EQ(Value("node_disk_io_time_weighted_seconds_total", "device=\"vda\""), 3.5);
  EXPECT_EQ(Value("node_disk_io_now", "device=\"vda1\""), -1);
  EXPECT_EQ(Value("node_disk_io_now", "device=\"loop0\""), -1);
}

TEST_F(HostSamplerTest, TellsNetworkDevices) {
  WriteAll();
  Start();
  Tick();
  EXPECT_EQ(Value("node_network_receive_bytes_total", "device=\"eth0\""), 100);
  EXPECT_EQ(Value("node_network_receive_drop_total", "device=\"eth0\""), 4);
  EXPECT_EQ(Value("node_network_transmit_bytes_total", "device=\"eth0\""), 500);
  EXPECT_EQ(Value("node_network_transmit_errs_total", "device=\"eth0\""), 7);
}

TEST_F(HostSamplerTest, TellsRealFileSystemsOnly) {
  WriteAll();
  Start();
  Tick();
  const std::string device = "device=\"/dev/a\",fstype=\"ext4\"";
  const std::string mount = absl::StrCat("mountpoint=\"", tree_.root(), "\"");
  const double size = Value("node_filesystem_size_bytes", device, mount);
  EXPECT_GT(size, 0);
  EXPECT_LE(Value("node_filesystem_free_bytes", device, mount), size);
  EXPECT_LE(Value("node_filesystem_avail_bytes", device, mount),
            Value("node_filesystem_free_bytes", device, mount));
  EXPECT_GE(Value("node_filesystem_files", device, mount),
            Value("node_filesystem_files_free", device, mount));
  int file_systems = 0;
  for (const auto& [series, value] : sink_.values()) {
    file_systems += absl::StartsWith(series, "node_filesystem_size_bytes");
  }
  EXPECT_EQ(file_systems, 1);
}

TEST_F(HostSamplerTest, WhatIsAbsentIsCountedAndTheRestTold) {
  WriteAll();
  tree_.Remove("loadavg");
  tree_.Write("meminfo", "MemTotal 5 kB\nMemFree: 6 kB\n");
  Start();
  Tick();
  EXPECT_EQ(Errors(), 2u);
  EXPECT_EQ(Value("node_load1"), -1);
  EXPECT_EQ(Value("node_memory_MemFree_bytes"), 6144);
  EXPECT_EQ(Value("node_forks_total"), 34);
}

TEST_F(HostSamplerTest, ReadsAnewAtEachTickAndInternsOnce) {
  WriteAll();
  Start();
  Tick();
  tree_.Overwrite("loadavg", "2.50 0.25 1.75 1/200 3000\n");
  Tick();
  EXPECT_EQ(Value("node_load1"), 2.5);
  EXPECT_EQ(sink_.interned(), 0);
  EXPECT_EQ(sink_.doubled(), 0);
}

TEST_F(HostSamplerTest, HoldsOnThisHost) {
  Start("/proc");
  Tick();
  EXPECT_GT(Value("node_memory_MemTotal_bytes"), Value("node_memory_MemFree_bytes"));
  EXPECT_GT(Value("node_boot_time_seconds"), 1e9);
  EXPECT_GE(Value("node_procs_running"), 1);
  EXPECT_GT(Value("node_cpu_seconds_total", "cpu=\"0\"", "mode=\"user\""), 0);
  EXPECT_EQ(sink_.doubled(), 0);
  for (const auto& [series, value] : sink_.values()) EXPECT_GE(value, 0) << series;
}

}  // namespace
}  // namespace ora::collector
