// What a rule group is tested in: series, records and time in memory, moved by the test alone.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "aggregator/rules/rule.h"
#include "storage/env/clock.h"
#include "storage/env/log_sink.h"
#include "storage/series_reader.h"
#include "storage/state_store.h"

namespace ora::aggregator {

// Series in memory. One thread.
class BenchSeries final : public storage::SeriesReader {
 public:
  explicit BenchSeries(size_t samples_max) : samples_max_(samples_max) {}

  // Of two samples of a series at one time the later added stays. RESOURCE_EXHAUSTED: `samples_max`
  // were added already.
  absl::Status Add(const storage::Labels& labels, const storage::Sample& sample);

  // As RecordFn.
  absl::Status Record(const std::string& source, const std::vector<EvaluatedSeries>& series,
                      int64_t time_millis);

  absl::StatusOr<std::unique_ptr<storage::SeriesCursor>> Select(
      const storage::SelectRequest& request) override;
  absl::StatusOr<std::vector<std::string>> LabelNames(
      const std::vector<storage::Matcher>& matchers) override;
  absl::StatusOr<std::vector<std::string>> LabelValues(
      absl::string_view label, const std::vector<storage::Matcher>& matchers) override;

 private:
  using Samples = std::map<int64_t, double>;
  const size_t samples_max_;
  size_t added_ = 0;
  std::map<storage::Labels, Samples> series_;
  std::map<std::string, std::vector<storage::Labels>> recorded_;  // By source: what it had last.
};

// Records in memory. One thread.
class BenchState final : public storage::StateStore {
 public:
  absl::Status Apply(const storage::StateChanges& changes) override;
  absl::StatusOr<std::string> Get(absl::string_view kind, absl::string_view key) override;
  absl::StatusOr<std::vector<storage::StateRecord>> Scan(absl::string_view kind,
                                                         absl::string_view after,
                                                         size_t records_max) override;

 private:
  std::map<std::pair<std::string, std::string>, std::string> records_;
};

// Time that stands where it was put.
class BenchClock final : public storage::Clock {
 public:
  void Set(absl::Time now) { now_ = now; }
  absl::Time Now() override { return now_; }
  absl::Duration Monotonic() override { return now_ - absl::UnixEpoch(); }
  bool Await(absl::Mutex&, const absl::Condition& condition, absl::Duration) override {
    return condition.Eval();
  }

 private:
  absl::Time now_ = absl::UnixEpoch();
};

// Says nothing.
class BenchLog final : public storage::LogSink {
 public:
  void Log(storage::LogSeverity, absl::string_view) override {}
};

}  // namespace ora::aggregator
