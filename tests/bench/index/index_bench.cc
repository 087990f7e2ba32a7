// What a million series cost in the index, and what it takes to select some of them. Prints one
// JSON object a figure. Each part runs in a process of its own, so that memory is its own too.
#include <malloc.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "storage/env/real_clock.h"
#include "storage/index/series_index.h"

namespace ora::storage {
namespace {

// The shape of workload W1: 101 metrics of each host, ten tags beside name, instance and job.
constexpr int kHosts = 9901;
constexpr int kMetrics = 101;
constexpr int kSeries = kHosts * kMetrics;
constexpr int kRuns = 15;

void Print(absl::string_view name, double value, absl::string_view unit, int runs) {
  std::printf("{\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\",\"n\":%d}\n",
              std::string(name).c_str(), value, std::string(unit).c_str(), runs);
  std::fflush(stdout);
}

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double ResidentBytes() {
  malloc_trim(0);
  long pages = 0;
  FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%*s %ld", &pages) != 1) std::abort();
  std::fclose(file);
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

Labels LabelsOfHost(int host, int metric) {
  return Labels({{"__name__", absl::StrCat("cpu_usage_metric_", metric)},
                 {"instance", absl::StrCat("host-", host)},
                 {"job", "node"},
                 {"hostname", absl::StrCat("host-", host)},
                 {"region", absl::StrCat("region-", host % 9)},
                 {"datacenter", absl::StrCat("region-", host % 9, "-", host % 3)},
                 {"rack", absl::StrCat(host % 100)},
                 {"os", host % 3 == 0 ? "Ubuntu16.10" : "Debian12"},
                 {"arch", host % 2 == 0 ? "x64" : "x86"},
                 {"team", absl::StrCat("team-", host % 4)},
                 {"service", absl::StrCat(host % 20)},
                 {"service_version", absl::StrCat(host % 2)},
                 {"service_environment", host % 5 == 0 ? "production" : "test"}});
}

uint32_t Add(SeriesIndex& index, const Labels& labels) {
  const auto entry = index.Allot(1, labels);
  if (!entry.ok()) std::abort();
  index.Publish({entry->id});
  return entry->id;
}

enum class Order { kByHost, kByMetric };

void Fill(SeriesIndex& index, Order order) {
  for (int i = 0; i < kSeries; ++i) {
    const bool by_host = order == Order::kByHost;
    Add(index,
        by_host ? LabelsOfHost(i / kMetrics, i % kMetrics) : LabelsOfHost(i % kHosts, i / kHosts));
  }
}

// `fill` names a million series.
void Memory(absl::string_view name, const std::function<void(SeriesIndex&)>& fill) {
  RealClock clock;
  const double before = ResidentBytes();
  const double cpu_before = CpuSeconds();
  SeriesIndex index({}, clock);
  fill(index);
  const double cpu = CpuSeconds() - cpu_before;
  Print(absl::StrCat("index_bytes_per_series_", name), (ResidentBytes() - before) / kSeries,
        "bytes", 1);
  Print(absl::StrCat("index_new_series_cpu_us_", name), cpu * 1e6 / kSeries, "us", 1);
}

void MemoryOfHosts() {
  Memory("w1", [](SeriesIndex& index) { Fill(index, Order::kByHost); });
}

// All hosts send at once, a metric after the other: the ids of a host are far apart.
void MemoryOfHostsInterleaved() {
  Memory("w1_interleaved", [](SeriesIndex& index) { Fill(index, Order::kByMetric); });
}

// A label like a request's id, of 36 characters, another one for each series.
void MemoryOfUniqueLabels() {
  Memory("unique_label", [](SeriesIndex& index) {
    for (int i = 0; i < kSeries; ++i) {
      Labels labels = LabelsOfHost(i / kMetrics, i % kMetrics);
      labels.Set("request",
                 absl::StrCat("00000000-4711-4711-4711-", absl::Dec(i, absl::kZeroPad12)));
      Add(index, labels);
    }
  });
}

// What is beside the index: the labels as they are written, and nothing to find them by.
void MemoryOfLabelText() {
  double bytes = 0;
  for (int host = 0; host < kHosts; ++host) {
    for (const LabelView label : LabelsOfHost(host, 0))
      bytes += label.name.size() + label.value.size();
  }
  Print("index_peer_label_text_bytes_per_series_w1", bytes / kHosts, "bytes", 1);
}

// As many as a regular expression may be long.
std::string FourHundredHosts() {
  std::vector<std::string> hosts;
  for (int host = 0; host < 400; ++host) hosts.push_back(absl::StrCat("host-", host * 9));
  return absl::StrJoin(hosts, "|");
}

// The first run, and the median of the others: those may find the expression's answers kept.
void SelectOf(const SeriesIndex& index, absl::string_view name,
              const std::vector<Matcher>& matchers) {
  std::vector<double> times;
  size_t found = 0;
  double first = 0;
  for (int run = 0; run <= kRuns; ++run) {
    const double begun = CpuSeconds();
    found = index.Select(matchers, kSeries)->size();
    const double taken = (CpuSeconds() - begun) * 1e3;
    if (run == 0) {
      first = taken;
    } else {
      times.push_back(taken);
    }
  }
  std::sort(times.begin(), times.end());
  Print(absl::StrCat("select_cpu_ms_", name), times[kRuns / 2], "ms", kRuns);
  Print(absl::StrCat("select_cpu_ms_", name, "_first"), first, "ms", 1);
  Print(absl::StrCat("select_series_", name), static_cast<double>(found), "series", 1);
  const double begun = CpuSeconds();
  const SeriesSelection selection = index.Select(matchers, kSeries).value();
  size_t labels = 0;
  for (size_t i = 0; i < selection.size(); ++i) labels += selection.LabelsAt(i).size();
  if (labels < found) std::abort();
  Print(absl::StrCat("select_cpu_ms_", name, "_with_labels"), (CpuSeconds() - begun) * 1e3, "ms",
        1);
}

// What is beside the selection of 1,000: the ids of the metric and those of the hosts lie sorted in
// memory, and only what they share is looked for; nothing is resolved, and no label made.
void IntersectPlainLists() {
  std::vector<uint32_t> of_metric;
  std::vector<uint32_t> of_hosts;
  for (int host = 0; host < kHosts; ++host) {
    const auto first = static_cast<uint32_t>(host * kMetrics);
    of_metric.push_back(first + 7);
    if (!absl::StartsWith(absl::StrCat(host), "1")) continue;
    for (uint32_t metric = 0; metric < kMetrics; ++metric) of_hosts.push_back(first + metric);
  }
  std::vector<double> times;
  std::vector<uint32_t> shared(of_metric.size());
  for (int run = 0; run < kRuns; ++run) {
    const double begun = CpuSeconds();
    const auto end = std::set_intersection(of_metric.begin(), of_metric.end(), of_hosts.begin(),
                                           of_hosts.end(), shared.begin());
    times.push_back((CpuSeconds() - begun) * 1e3);
    if (end == shared.begin()) std::abort();
  }
  std::sort(times.begin(), times.end());
  Print("select_peer_sorted_lists_cpu_ms_1000_of_1m", times[kRuns / 2], "ms", kRuns);
}

// How long new series wait while another thread selects a million, over and over.
void WaitWhileSelecting(SeriesIndex& index) {
  std::atomic<bool> done = false;
  std::thread selecting([&] {
    while (!done) {
      if (!index.Select({}, 2 * kSeries).ok()) std::abort();
    }
  });
  constexpr int kNew = 20'000;
  std::vector<double> waits;
  for (int i = 0; i < kNew; ++i) {
    const Labels labels = LabelsOfHost(kHosts + i, 1);
    const absl::Time begun = absl::Now();
    Add(index, labels);
    waits.push_back(absl::ToDoubleMilliseconds(absl::Now() - begun));
  }
  done = true;
  selecting.join();
  std::sort(waits.begin(), waits.end());
  Print("index_new_series_wait_ms_p99", waits[kNew * 99 / 100], "ms", kNew);
  Print("index_new_series_wait_ms_p9999", waits[kNew * 9999 / 10000], "ms", kNew);
}

void Select() {
  RealClock clock;
  SeriesIndex index({}, clock);
  Fill(index, Order::kByHost);
  const Matcher metric = Matcher::Equal("__name__", "cpu_usage_metric_7");
  const auto host = [](absl::string_view expression) {
    return Matcher::Make("instance", MatchType::kRegex, expression).value();
  };
  SelectOf(index, "1000_of_1m", {metric, host("host-1.*")});
  IntersectPlainLists();
  SelectOf(index, "400_of_1m_alternation", {metric, host(FourHundredHosts())});
  SelectOf(index, "200_of_1m_group", {metric, host("host-(1|2)..")});
  SelectOf(index, "990_of_1m_suffix", {metric, host(".*7")});
  SelectOf(index, "101_of_1m", {Matcher::Equal("instance", "host-7")});
  SelectOf(index, "1_of_1m", {metric, Matcher::Equal("instance", "host-7")});
  SelectOf(index, "10000_of_1m", {metric});
  SelectOf(index, "100000_of_1m", {host("host-1.*")});
  SelectOf(index, "1m_of_1m", {});
  WaitWhileSelecting(index);
}

// Ten million series, each with a name and a value of its own, pass through an index of a thousand.
void Churn() {
  constexpr int kPassing = 10'000'000;
  constexpr int kAliveMax = 1000;
  constexpr double kGrowthBytesMax = 8 << 20;
  RealClock clock;
  SeriesIndex index({}, clock);
  std::deque<uint32_t> alive;
  double before = 0;
  for (int i = 0; i < kPassing; ++i) {
    alive.push_back(Add(index, Labels({{"__name__", absl::StrCat("metric_", i)},
                                       {"instance", absl::StrCat("host-", i % 100)},
                                       {"path", absl::StrCat("/", i)}})));
    if (alive.size() > kAliveMax) {
      index.Forget({alive.front()});
      alive.pop_front();
    }
    if (i == kPassing / 100) before = ResidentBytes();
  }
  const double growth = ResidentBytes() - before;
  Print("index_churn_10m_growth_mb", growth / (1 << 20), "MB", 1);
  if (growth > kGrowthBytesMax) std::abort();
}

int Run(const std::vector<void (*)()>& parts) {
  for (const auto part : parts) {
    const pid_t child = fork();
    if (child == 0) {
      part();
      std::fflush(stdout);
      _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 1;
  }
  return 0;
}

}  // namespace

int RunAll() {
  return Run({MemoryOfHosts, MemoryOfHostsInterleaved, MemoryOfUniqueLabels, MemoryOfLabelText,
              Select, Churn});
}

}  // namespace ora::storage

int main() { return ora::storage::RunAll(); }
