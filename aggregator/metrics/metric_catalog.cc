#include "aggregator/metrics/metric_catalog.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace ora::aggregator {
namespace {

struct KnownMetric {
  absl::string_view name;
  absl::string_view help;
};

// What collectors and the aggregator itself write most; sorted by name.
constexpr KnownMetric kKnown[] = {
    {"node_boot_time_seconds", "When the host booted, in seconds since the epoch."},
    {"node_context_switches_total", "Context switches of all processors."},
    {"node_cpu_seconds_total", "Time that each processor spent in each mode."},
    {"node_disk_io_time_seconds_total", "Time in which a disk had requests under way."},
    {"node_disk_read_bytes_total", "Bytes read from a disk."},
    {"node_disk_written_bytes_total", "Bytes written to a disk."},
    {"node_filesystem_avail_bytes", "Bytes of a file system that users may still take."},
    {"node_filesystem_size_bytes", "Bytes of a file system in all."},
    {"node_load1", "Processes that ran or waited for a processor, the mean of a minute."},
    {"node_memory_MemAvailable_bytes", "Memory that programs may still take without swapping."},
    {"node_memory_MemTotal_bytes", "Memory of the host in all."},
    {"node_network_receive_bytes_total", "Bytes received on a network device."},
    {"node_network_transmit_bytes_total", "Bytes sent on a network device."},
    {"ora_log_appended_bytes_total", "Bytes appended to a log, through every rotation."},
    {"ora_log_errors_total", "Errors in a log, by their type."},
    {"ora_log_files", "Files that a log consists of: itself and its backups."},
    {"ora_log_lines_total", "Lines of a log, by their level."},
    {"ora_log_lost_bytes_total", "Bytes of a log that were not read, by the reason."},
    {"ora_log_response_seconds", "Response times that a log tells."},
    {"ora_log_size_bytes", "Bytes of the file that is being written."},
    {"ora_log_storage_bytes", "Bytes of a log with all its backups."},
    {"ora_process_count", "Processes of a component."},
    {"process_cpu_seconds_total", "Processor time of a component's processes."},
    {"process_max_fds", "Files that a component's processes may have open."},
    {"process_open_fds", "Files that a component's processes have open."},
    {"process_resident_memory_bytes", "Resident memory of a component's processes."},
    {"process_start_time_seconds", "When a component's oldest process began, since the epoch."},
    {"process_threads", "Threads of a component's processes."},
    {"up", "1 while the host's collector is heard, 0 while it is not."},
};

constexpr absl::string_view kUnits[] = {"seconds", "bytes",   "ratio", "celsius",
                                        "volts",   "amperes", "joules"};
// Endings that make a name a gauge where nothing else is known.
constexpr absl::string_view kGaugeEndings[] = {"_info",  "_count",   "_percent", "_ratio",
                                               "_bytes", "_seconds", "_celsius"};

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::binary_search(names.begin(), names.end(), name);
}

// The histogram that a series called `name` is a part of; empty if it is of none.
absl::string_view HistogramOf(absl::string_view name, const std::vector<std::string>& names) {
  absl::string_view base = name;
  if (absl::ConsumeSuffix(&base, "_bucket")) return base;
  if ((absl::ConsumeSuffix(&base, "_sum") || absl::ConsumeSuffix(&base, "_count")) &&
      Contains(names, std::string(base) + "_bucket")) {
    return base;
  }
  return "";
}

const KnownMetric* Find(absl::string_view name) {
  const auto* found = std::lower_bound(
      std::begin(kKnown), std::end(kKnown), name,
      [](const KnownMetric& known, absl::string_view wanted) { return known.name < wanted; });
  return found != std::end(kKnown) && found->name == name ? found : nullptr;
}

MetricType TypeOf(absl::string_view name) {
  if (absl::EndsWith(name, "_total")) return MetricType::kCounter;
  if (Find(name) != nullptr) return MetricType::kGauge;
  const bool is_gauge =
      std::any_of(std::begin(kGaugeEndings), std::end(kGaugeEndings),
                  [name](absl::string_view ending) { return absl::EndsWith(name, ending); });
  return is_gauge ? MetricType::kGauge : MetricType::kUnknown;
}

absl::string_view UnitOf(absl::string_view name) {
  absl::ConsumeSuffix(&name, "_total");
  for (const absl::string_view unit : kUnits) {
    absl::string_view rest = name;
    if (absl::ConsumeSuffix(&rest, unit) && absl::EndsWith(rest, "_")) return unit;
  }
  return "";
}

}  // namespace

absl::string_view Text(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kUnknown:
      break;
  }
  return "unknown";
}

std::vector<MetricDescription> DescribeMetrics(const std::vector<std::string>& names) {
  std::vector<MetricDescription> metrics;
  for (const std::string& name : names) {
    const absl::string_view histogram = HistogramOf(name, names);
    MetricDescription& metric = metrics.emplace_back();
    metric.name = std::string(histogram.empty() ? absl::string_view(name) : histogram);
    metric.type = histogram.empty() ? TypeOf(name) : MetricType::kHistogram;
    metric.unit = std::string(UnitOf(metric.name));
    if (const KnownMetric* known = Find(metric.name)) metric.help = std::string(known->help);
  }
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::stable_sort(metrics.begin(), metrics.end(), by_name);
  const auto same = [](const auto& a, const auto& b) { return a.name == b.name; };
  metrics.erase(std::unique(metrics.begin(), metrics.end(), same), metrics.end());
  return metrics;
}

}  // namespace ora::aggregator
