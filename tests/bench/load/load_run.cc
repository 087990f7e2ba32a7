#include "tests/bench/load/load_run.h"

#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status/status_macros.h"
#include "tests/bench/load/fleet_load.h"
#include "tests/bench/load/read_back.h"
#include "tests/bench/load/server_meter.h"
#include "tests/bench/load/server_process.h"

namespace ora::bench {
namespace {

// Descriptors beside the connections.
constexpr rlim_t kOtherFiles = 128;
constexpr absl::Duration kLookInterval = absl::Seconds(1);
// The store stands still when its bytes, but for what its own counters add, stay for this long.
constexpr int kQuietLooks = 10;
constexpr uint64_t kQuietBytes = 128 << 10;
constexpr double kMicros = 1e6;
constexpr double kMedian = 0.5;
constexpr double kTail = 0.99;

absl::Status RaiseFileLimit(const LoadOptions& options) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = options.hosts / options.hosts_per_connection + kOtherFiles;
  if (wanted > limit.rlim_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat(wanted, " files must be open at once and the hard limit is ", limit.rlim_max,
                     "; raise it (ulimit -Hn), or say --hosts-per-connection"));
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return absl::OkStatus();
}

// What this program used, to see that it is not what limits the load.
double OwnCpuSeconds() {
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  return Seconds(used.ru_utime) + Seconds(used.ru_stime);
}

class LoadRun {
 public:
  LoadRun(const LoadOptions& options, storage::Clock& clock, const StopRequested& stop_requested)
      : options_(options), clock_(clock), stop_requested_(stop_requested) {}

  absl::StatusOr<Report> Run();

 private:
  absl::Status FindServer();
  absl::Status StartServer();
  absl::Status Settle();
  // Waits until the started store stands still; its bytes then. `settled` is 0 if it did not.
  absl::StatusOr<uint64_t> AwaitQuiet();
  void AddLoadFigures(const LoadFigures& figures);

  const LoadOptions options_;
  storage::Clock& clock_;
  const StopRequested& stop_requested_;
  std::unique_ptr<ScratchDirectory> scratch_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<ServerMeter> meter_;
  std::string address_;
  double stopped_cpu_seconds_ = 0;  // Of servers that were stopped.
  ServerUse idle_;                  // Before the load.
  Report report_;
};

absl::Status LoadRun::StartServer() {
  ORA_ASSIGN_OR_RETURN(
      server_, ServerProcess::Start(options_.binary, options_.config, scratch_->path(), clock_));
  address_ = server_->address();
  meter_ = MakeProcessMeter(server_->pid());
  return absl::OkStatus();
}

absl::Status LoadRun::FindServer() {
  if (!options_.binary.empty()) {
    ORA_ASSIGN_OR_RETURN(scratch_, ScratchDirectory::Make());
    return StartServer();
  }
  address_ = options_.aggregator;
  if (options_.pid > 0) {
    meter_ = MakeProcessMeter(options_.pid);
    return absl::OkStatus();
  }
  ORA_ASSIGN_OR_RETURN(meter_, MakeStatusMeter(address_));
  return absl::OkStatus();
}

void LoadRun::AddLoadFigures(const LoadFigures& figures) {
  const auto series = static_cast<double>(options_.workload.series_per_host);
  const auto batches = static_cast<double>(figures.batches);
  const double samples = batches * series;
  report_.Add("hosts", options_.hosts);
  report_.Add("series_per_host", series);
  report_.Add("samples", samples);
  report_.Add("batches", batches);
  report_.Add("seconds", figures.seconds);
  report_.Add("samples_per_second", samples / figures.seconds);
  report_.Add("server_cpu_seconds", figures.cpu_seconds);
  report_.Add("server_cores", figures.cpu_seconds / figures.seconds);
  report_.Add("server_cpu_s_per_million_samples", figures.cpu_seconds / samples * 1e6);
  report_.Add("server_cpu_us_per_batch", figures.cpu_seconds / batches * kMicros);
  report_.Add("opening_seconds", figures.opening_seconds);
  report_.Add("opening_server_cpu_seconds", figures.opening_cpu_seconds);
  report_.Add("client_cpu_seconds", OwnCpuSeconds());
  report_.Add("resident_bytes", static_cast<double>(figures.use.resident_bytes));
  if (figures.use.resident_bytes_peak > 0) {
    report_.Add("resident_bytes_peak", static_cast<double>(figures.use.resident_bytes_peak));
  }
  report_.Add("ack_p50_ms", absl::ToDoubleMilliseconds(figures.latencies.Quantile(kMedian)));
  report_.Add("ack_p99_ms", absl::ToDoubleMilliseconds(figures.latencies.Quantile(kTail)));
}

absl::StatusOr<uint64_t> LoadRun::AwaitQuiet() {
  absl::Mutex mutex;
  absl::MutexLock lock(&mutex);
  const bool never = false;
  const absl::Duration begin = clock_.Monotonic();
  uint64_t reference = 0;
  uint64_t bytes = 0;
  int quiet = 0;
  while (clock_.Monotonic() - begin < options_.settle_limit) {
    if (stop_requested_()) return absl::CancelledError("interrupted");
    clock_.Await(mutex, absl::Condition(&never), kLookInterval);
    bytes = BytesBelow(scratch_->path());
    const bool same = std::max(bytes, reference) - std::min(bytes, reference) < kQuietBytes;
    quiet = same ? quiet + 1 : 0;
    if (!same) reference = bytes;
    if (quiet >= kQuietLooks && clock_.Monotonic() - begin >= options_.settle_min) break;
  }
  report_.Add("settled", quiet >= kQuietLooks ? 1 : 0);
  report_.Add("settle_seconds", absl::ToDoubleSeconds(clock_.Monotonic() - begin));
  return bytes;
}

absl::Status LoadRun::Settle() {
  const double samples =
      static_cast<double>(options_.batches) * options_.hosts * options_.workload.series_per_host;
  ORA_ASSIGN_OR_RETURN(stopped_cpu_seconds_, server_->Stop());
  report_.Add("bytes_per_sample_stopped",
              static_cast<double>(BytesBelow(scratch_->path())) / samples);
  ORA_RETURN_IF_ERROR(StartServer());
  // All samples are sealed: what is resident beyond an empty aggregator is the index and its
  // labels.
  ORA_ASSIGN_OR_RETURN(const ServerUse restarted, meter_->Read());
  report_.Add("resident_bytes_empty", static_cast<double>(idle_.resident_bytes));
  report_.Add("resident_bytes_restarted", static_cast<double>(restarted.resident_bytes));
  ORA_ASSIGN_OR_RETURN(const uint64_t bytes, AwaitQuiet());
  ORA_ASSIGN_OR_RETURN(const ServerUse use, meter_->Read());
  report_.Add("disk_bytes", static_cast<double>(bytes));
  report_.Add("bytes_per_sample", static_cast<double>(bytes) / samples);
  report_.Add("server_cpu_s_per_million_samples_settled",
              (stopped_cpu_seconds_ + use.cpu_seconds - idle_.cpu_seconds) / samples * 1e6);
  return absl::OkStatus();
}

absl::StatusOr<Report> LoadRun::Run() {
  ORA_RETURN_IF_ERROR(RaiseFileLimit(options_));
  ORA_RETURN_IF_ERROR(FindServer());
  ORA_ASSIGN_OR_RETURN(idle_, meter_->Read());
  ORA_ASSIGN_OR_RETURN(const LoadFigures figures,
                       RunFleetLoad(options_, address_, *meter_, clock_, stop_requested_));
  AddLoadFigures(figures);
  ORA_ASSIGN_OR_RETURN(const StoreStatus status, ReadStoreStatus(address_));
  report_.Add("series_stored", static_cast<double>(status.series));
  report_.Add("samples_open", static_cast<double>(status.samples_open));
  report_.Add("samples_sealed", static_cast<double>(status.samples_sealed));
  ORA_ASSIGN_OR_RETURN(uint64_t verified, ReadBack(options_, address_));
  if (options_.settling == Settling::kYes) {
    ORA_RETURN_IF_ERROR(Settle());
    ORA_ASSIGN_OR_RETURN(const uint64_t again, ReadBack(options_, address_));
    verified += again;
  }
  report_.Add("verified", static_cast<double>(verified));
  if (server_ != nullptr) {
    if (const auto stopped = server_->Stop(); !stopped.ok()) return stopped.status();
  }
  return std::move(report_);
}

}  // namespace

absl::StatusOr<Report> RunLoad(const LoadOptions& options, storage::Clock& clock,
                               const StopRequested& stop_requested) {
  return LoadRun(options, clock, stop_requested).Run();
}

}  // namespace ora::bench
