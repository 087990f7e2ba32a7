// The aggregator: builds its parts, starts, drains and stops them in the right order.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregator/fleet/fleet.h"
#include "aggregator/rules/rule_book.h"
#include "ora/config/v1/aggregator_config.pb.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/file_system.h"
#include "storage/env/log_sink.h"
#include "storage/time_series_store.h"

namespace grpc {
class Channel;
}

namespace ora::aggregator {

// The host, or what a test puts in its place. All must outlive the aggregator.
struct Environment {
  storage::Clock& clock;
  storage::FileSystem& files;
  storage::LogSink& log;
  storage::Counters& counters;
};

// INVALID_ARGUMENT: what only the program can judge of a configuration that is valid by itself: the
// selectors of its retention rules, and its rule files, which it reads. Start checks it too.
absl::Status CheckConfig(const config::v1::AggregatorConfig& config, storage::FileSystem& files);

// Serves from Start to Stop. Stop is called from one thread.
class Aggregator {
 public:
  virtual ~Aggregator() = default;

  // `config` is validated and has its defaults filled in. Returns when calls are served. Errors of
  // CheckConfig and of the store (its URI, its lock, its damage), and UNAVAILABLE where `listen` or
  // `http.listen` is taken.
  static absl::StatusOr<std::unique_ptr<Aggregator>> Start(
      const config::v1::AggregatorConfig& config, const Environment& environment);

  // Where gRPC is served, with the real port.
  virtual const std::string& address() const = 0;

  // Where Prometheus's HTTP read API is served, with the real port; empty where it is off.
  virtual std::string http_address() const = 0;

  // Calls within the process. Drop it before Stop.
  virtual std::shared_ptr<grpc::Channel> InProcessChannel() = 0;

  // The parts, for tests that move time themselves.
  virtual storage::TimeSeriesStore& store() = 0;
  virtual Fleet& fleet() = 0;
  virtual RuleBook& rules() = 0;

  // Reads the rule files again, and logs what came of it; where they are wrong, the rules that
  // there are stay. Called from the thread of Stop.
  virtual void ReloadRules() = 0;

  // Health says NOT_SERVING, streams are asked to end, calls drain, then open chunks are sealed
  // and the store is closed. A second call does nothing; the destructor calls it.
  virtual void Stop() = 0;
};

}  // namespace ora::aggregator
