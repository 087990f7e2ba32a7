#include "tests/bench/load/fleet_load.h"

#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "proto/status/status_macros.h"

namespace ora::bench {
namespace {

using Workers = std::vector<std::unique_ptr<StreamWorker>>;

// Does `step` of every worker at once.
class WorkerThreads {
 public:
  template <typename Step>
  WorkerThreads(Workers& workers, Step step) : statuses_(workers.size()) {
    for (size_t i = 0; i < workers.size(); ++i) {
      threads_.emplace_back(
          [&worker = *workers[i], &status = statuses_[i], step] { status = step(worker); });
    }
  }

  // Waits for all; the failure that made the others end, if there is one.
  absl::Status Join() {
    for (std::thread& thread : threads_) thread.join();
    absl::Status first;
    for (const absl::Status& status : statuses_) {
      if (!status.ok() && (first.ok() || absl::IsCancelled(first))) first = status;
    }
    return first;
  }

 private:
  std::vector<absl::Status> statuses_;
  std::vector<std::thread> threads_;
};

struct Moment {
  absl::Duration time;
  ServerUse use;
  uint64_t acknowledged = 0;
};

class FleetLoad {
 public:
  FleetLoad(const LoadOptions& options, ServerMeter& meter, storage::Clock& clock)
      : options_(options), meter_(meter), clock_(clock) {}

  absl::StatusOr<LoadFigures> Run(const std::string& address, const StopRequested& stop_requested);

 private:
  absl::StatusOr<Moment> Now() {
    Moment moment;
    ORA_ASSIGN_OR_RETURN(moment.use, meter_.Read());
    moment.time = clock_.Monotonic();
    moment.acknowledged = progress_.acknowledged.load();
    return moment;
  }

  // Delivers; when what is measured began.
  absl::StatusOr<Moment> Deliver();
  // Returns when `duration` is over or a worker failed.
  void Wait(absl::Duration duration);

  const LoadOptions& options_;
  ServerMeter& meter_;
  storage::Clock& clock_;
  const NormalQuantiles quantiles_;
  LoadProgress progress_;
  Workers workers_;
};

void FleetLoad::Wait(absl::Duration duration) {
  absl::Mutex mutex;
  absl::MutexLock lock(&mutex);
  const absl::Duration until = clock_.Monotonic() + duration;
  const bool never = false;
  while (clock_.Monotonic() < until && !progress_.abandoned.load()) {
    clock_.Await(mutex, absl::Condition(&never),
                 std::min(until - clock_.Monotonic(), absl::Milliseconds(100)));
  }
}

absl::StatusOr<Moment> FleetLoad::Deliver() {
  const absl::Duration begin = clock_.Monotonic();
  const absl::Duration measured_from = begin + options_.warm_up;
  ORA_ASSIGN_OR_RETURN(Moment from, Now());
  WorkerThreads threads(workers_, [begin, measured_from](StreamWorker& worker) {
    return worker.Deliver(begin, measured_from);
  });
  absl::StatusOr<Moment> warm = from;
  if (options_.warm_up > absl::ZeroDuration()) {
    Wait(measured_from - clock_.Monotonic());
    warm = Now();
  }
  ORA_RETURN_IF_ERROR(threads.Join());
  return warm;
}

absl::StatusOr<LoadFigures> FleetLoad::Run(const std::string& address,
                                           const StopRequested& stop_requested) {
  const auto incarnation = static_cast<uint64_t>(absl::ToUnixNanos(clock_.Now()));
  ORA_ASSIGN_OR_RETURN(const Moment first, Now());
  for (uint32_t i = 0; i < options_.threads; ++i) {
    workers_.push_back(std::make_unique<StreamWorker>(i, address, incarnation, options_, quantiles_,
                                                      clock_, progress_, stop_requested));
  }
  ORA_RETURN_IF_ERROR(
      WorkerThreads(workers_, [](StreamWorker& worker) { return worker.Open(); }).Join());
  ORA_ASSIGN_OR_RETURN(const Moment opened, Now());
  ORA_ASSIGN_OR_RETURN(const Moment from, Deliver());
  ORA_ASSIGN_OR_RETURN(const Moment end, Now());

  LoadFigures figures;
  figures.opening_seconds = absl::ToDoubleSeconds(opened.time - first.time);
  figures.opening_cpu_seconds = opened.use.cpu_seconds - first.use.cpu_seconds;
  figures.seconds = absl::ToDoubleSeconds(end.time - from.time);
  figures.cpu_seconds = end.use.cpu_seconds - from.use.cpu_seconds;
  figures.batches = end.acknowledged - from.acknowledged;
  figures.use = end.use;
  for (const auto& worker : workers_) figures.latencies.Merge(worker->latencies());
  ORA_RETURN_IF_ERROR(WorkerThreads(workers_, [](StreamWorker& worker) {
                        worker.Close();
                        return absl::OkStatus();
                      }).Join());
  return figures;
}

}  // namespace

absl::StatusOr<LoadFigures> RunFleetLoad(const LoadOptions& options, const std::string& address,
                                         ServerMeter& meter, storage::Clock& clock,
                                         const StopRequested& stop_requested) {
  return FleetLoad(options, meter, clock).Run(address, stop_requested);
}

}  // namespace ora::bench
