#include "tests/bench/peers-ingest/remote_write_load.h"

#include <httplib.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/status/status_macros.h"
#include "tests/bench/peers-ingest/remote_write_request.h"

namespace ora::bench {
namespace {

constexpr time_t kAnswerSeconds = 60;  // A busy machine's peer may take its time.
constexpr int kHttpOk = 200;
constexpr int kHttpRedirect = 300;

// Hosts whose samples of one step go into one request.
struct HostGroup {
  uint32_t first = 0;
  std::vector<W1Host> hosts;
  std::vector<std::vector<std::string>> labels;  // By host and series, encoded.
};

// One connection and the groups that it sends.
class Sender {
 public:
  Sender(uint32_t index, const RemoteWriteOptions& options, const NormalQuantiles& quantiles,
         storage::Clock& clock)
      : index_(index), options_(options), clock_(clock), client_(options.host, options.port) {
    client_.set_keep_alive(true);
    client_.set_tcp_nodelay(true);
    client_.set_read_timeout(kAnswerSeconds);
    values_.resize(options.workload.series_per_host);
    const uint32_t size = options.hosts_a_request;
    for (uint32_t first = index * size; first < options.hosts;
         first += options.connections * size) {
      HostGroup group{first, {}, {}};
      for (uint32_t host = first; host < std::min(options.hosts, first + size); ++host) {
        AddHost(W1Host(options.workload, host, quantiles), group);
      }
      groups_.push_back(std::move(group));
    }
  }

  absl::Status Run() {
    for (HostGroup& group : groups_) Skip(group);
    const absl::Duration begin = clock_.Monotonic();
    for (uint64_t i = 0; i < options_.batches; i += options_.steps_a_request) {
      const uint64_t steps = std::min<uint64_t>(options_.steps_a_request, options_.batches - i);
      for (HostGroup& group : groups_) {
        ORA_RETURN_IF_ERROR(Post(Build(group, options_.skipped + i, steps), AwaitTurn(begin)));
      }
    }
    return absl::OkStatus();
  }

  uint64_t requests() const { return requests_; }
  const Latencies& latencies() const { return latencies_; }

 private:
  static void AddHost(W1Host host, HostGroup& group) {
    std::vector<std::string>& labels = group.labels.emplace_back();
    for (size_t series = 0; series < host.series_count(); ++series) {
      labels.push_back(RemoteWriteRequest::EncodeLabels(host.LabelsOf(series)));
    }
    group.hosts.push_back(std::move(host));
  }

  void Skip(HostGroup& group) {
    for (W1Host& host : group.hosts) {
      for (uint64_t i = 0; i < options_.skipped; ++i) host.Next(absl::MakeSpan(values_));
    }
  }

  // The samples of `steps` steps from `first` on.
  std::string Build(HostGroup& group, uint64_t first, uint64_t steps) {
    for (size_t i = 0; i < group.hosts.size(); ++i) {
      const auto host = group.first + static_cast<uint32_t>(i);
      samples_.assign(values_.size(), {});
      for (uint64_t step = first; step < first + steps; ++step) {
        const int64_t time_millis = absl::ToUnixMillis(options_.start) +
                                    W1OffsetMillis(options_.workload, host, options_.hosts, step);
        group.hosts[i].Next(absl::MakeSpan(values_));
        for (size_t series = 0; series < values_.size(); ++series) {
          samples_[series].push_back({time_millis, values_[series]});
        }
      }
      for (size_t series = 0; series < values_.size(); ++series) {
        request_.Add(group.labels[i][series], samples_[series]);
      }
    }
    return request_.TakeCompressed();
  }

  // When the next request is due, which is waited for; now where there is no pace.
  absl::Duration AwaitTurn(absl::Duration begin) {
    if (options_.rate == 0) return clock_.Monotonic();
    const absl::Duration due =
        begin + absl::Seconds((static_cast<double>(requests_) * options_.connections + index_) /
                              options_.rate);
    absl::Mutex mutex;
    absl::MutexLock lock(&mutex);
    const bool never = false;
    const absl::Duration left = due - clock_.Monotonic();
    if (left > absl::ZeroDuration()) clock_.Await(mutex, absl::Condition(&never), left);
    return due;
  }

  absl::Status Post(const std::string& body, absl::Duration due) {
    static const httplib::Headers kHeaders = {{"Content-Encoding", "snappy"},
                                              {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
    const auto result = client_.Post(options_.path, kHeaders, body, "application/x-protobuf");
    if (!result) {
      return absl::UnavailableError(absl::StrCat(options_.host, ":", options_.port, ": ",
                                                 httplib::to_string(result.error())));
    }
    if (result->status < kHttpOk || result->status >= kHttpRedirect) {
      return absl::UnavailableError(absl::StrCat(options_.host, ":", options_.port, " answers ",
                                                 result->status, ": ", result->body));
    }
    latencies_.Add(clock_.Monotonic() - due);
    ++requests_;
    return absl::OkStatus();
  }

  const uint32_t index_;
  const RemoteWriteOptions& options_;
  storage::Clock& clock_;
  httplib::Client client_;
  std::vector<HostGroup> groups_;
  std::vector<double> values_;
  std::vector<std::vector<storage::Sample>> samples_;  // Of one host, by series.
  RemoteWriteRequest request_;
  uint64_t requests_ = 0;
  Latencies latencies_;
};

}  // namespace

absl::StatusOr<RemoteWriteFigures> RunRemoteWriteLoad(const RemoteWriteOptions& options,
                                                      storage::Clock& clock) {
  const NormalQuantiles quantiles;
  std::vector<std::unique_ptr<Sender>> senders;
  for (uint32_t i = 0; i < options.connections; ++i) {
    senders.push_back(std::make_unique<Sender>(i, options, quantiles, clock));
  }
  const absl::Duration begin = clock.Monotonic();
  std::vector<absl::Status> statuses(senders.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < senders.size(); ++i) {
    threads.emplace_back([&sender = *senders[i], &status = statuses[i]] { status = sender.Run(); });
  }
  for (std::thread& thread : threads) thread.join();
  RemoteWriteFigures figures;
  figures.seconds = absl::ToDoubleSeconds(clock.Monotonic() - begin);
  figures.samples = options.batches * options.hosts * options.workload.series_per_host;
  for (size_t i = 0; i < senders.size(); ++i) {
    ORA_RETURN_IF_ERROR(statuses[i]);
    figures.requests += senders[i]->requests();
    figures.latencies.Merge(senders[i]->latencies());
  }
  return figures;
}

}  // namespace ora::bench
