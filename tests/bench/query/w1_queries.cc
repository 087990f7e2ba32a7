#include "tests/bench/query/w1_queries.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ora::bench {
namespace {

constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;

constexpr absl::string_view kMetrics[] = {"user", "system",  "idle",  "nice",  "iowait",
                                          "irq",  "softirq", "steal", "guest", "guest_nice"};

enum class Shape { kMaxByHost, kAvgByHost, kAboveThreshold, kLastPoint };

struct Template {
  absl::string_view name;
  Shape shape;
  size_t metrics;
  uint32_t hosts;  // 0: all.
  int64_t hours;
  int64_t step_millis;
};

constexpr Template kTemplates[] = {
    {"single-groupby-1-1-1", Shape::kMaxByHost, 1, 1, 1, kMinute},
    {"single-groupby-1-8-1", Shape::kMaxByHost, 1, 8, 1, kMinute},
    {"single-groupby-5-8-1", Shape::kMaxByHost, 5, 8, 1, kMinute},
    {"cpu-max-all-8", Shape::kMaxByHost, 10, 8, 8, kHour},
    {"double-groupby-1", Shape::kAvgByHost, 1, 0, 12, kHour},
    {"double-groupby-5", Shape::kAvgByHost, 5, 0, 12, kHour},
    {"double-groupby-all", Shape::kAvgByHost, 10, 0, 12, kHour},
    {"high-cpu-all", Shape::kAboveThreshold, 1, 0, 12, kMinute},
    {"lastpoint", Shape::kLastPoint, 10, 0, 0, 0},
};

const Template& TemplateOf(absl::string_view name) {
  return *std::find_if(std::begin(kTemplates), std::end(kTemplates) - 1,
                       [&](const Template& one) { return one.name == name; });
}

// `{hostname=~"host-3|host-16"}`, or nothing for all hosts.
std::string HostMatcher(const Template& query, uint32_t turn, const W1Stored& stored) {
  constexpr uint32_t kApart = 13;  // Prime to the usual numbers of hosts.
  if (query.hosts == 0) return "";
  std::string names;
  for (uint32_t i = 0; i < query.hosts; ++i) {
    absl::StrAppend(&names, i == 0 ? "" : "|", "host-", (turn + i * kApart) % stored.hosts);
  }
  return absl::StrCat("{hostname=~\"", names, "\"}");
}

// Of one metric after the other, told apart by the label `metric`.
std::string Joined(const Template& query, absl::string_view aggregation, absl::string_view function,
                   const std::string& hosts) {
  std::string text;
  for (size_t i = 0; i < query.metrics; ++i) {
    const std::string window = absl::StrCat("[", query.step_millis / kMinute, "m]");
    const std::string one = absl::StrCat(aggregation, " by (hostname) (", function, "(cpu_usage_",
                                         kMetrics[i], hosts, window, "))");
    if (query.metrics == 1) return one;
    absl::StrAppend(&text, i == 0 ? "" : " or ", "label_replace(", one, ", \"metric\", \"",
                    kMetrics[i], "\", \"\", \"\")");
  }
  return text;
}

std::string ExpressionOf(const Template& query, const std::string& hosts) {
  switch (query.shape) {
    case Shape::kMaxByHost:
      return Joined(query, "max", "max_over_time", hosts);
    case Shape::kAvgByHost:
      return Joined(query, "avg", "avg_over_time", hosts);
    case Shape::kAboveThreshold:
      return "max_over_time(cpu_usage_user[1m]) > 90";
    case Shape::kLastPoint:
      return "{__name__=~\"cpu_usage_.*\"}";
  }
  return "";
}

}  // namespace

std::vector<absl::string_view> W1QueryNames() {
  std::vector<absl::string_view> names;
  for (const Template& one : kTemplates) names.push_back(one.name);
  return names;
}

W1Query MakeW1Query(absl::string_view name, uint32_t turn, const W1Stored& stored) {
  constexpr uint32_t kPlaces = 64;  // Where a query's stretch may begin.
  constexpr uint32_t kApart = 39;   // Prime to it, and about the golden section of it.
  const Template& query = TemplateOf(name);
  W1Query made;
  made.expression = ExpressionOf(query, HostMatcher(query, turn, stored));
  made.step_millis = query.step_millis;
  if (query.step_millis == 0) {
    made.end_millis = made.start_millis = stored.end_millis;
    return made;
  }
  const int64_t room = stored.end_millis - stored.start_millis - query.hours * kHour;
  const int64_t from = stored.start_millis + room / kPlaces * ((turn * kApart) % kPlaces);
  // The first window begins where the stretch does.
  made.start_millis = from + query.step_millis;
  made.end_millis = from + query.hours * kHour;
  return made;
}

}  // namespace ora::bench
