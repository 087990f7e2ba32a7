#include "aggregator/server/counter_series.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {

CounterSeries::CounterSeries(CounterSeriesOptions options, storage::SeriesWriter& writer,
                             storage::Clock& clock, storage::LogSink& log,
                             storage::Counters& counters)
    : options_(std::move(options)),
      writer_(writer),
      clock_(clock),
      log_(log),
      counters_(counters) {}

absl::Status CounterSeries::WriteOnce() {
  storage::WriteBatch batch;
  batch.instance = options_.instance;
  storage::WriteBlock& block = batch.blocks.emplace_back();
  block.time_millis = clock_.NowMillis();
  {
    absl::MutexLock lock(&refs_mutex_);
    for (const auto& [name, value] : counters_.Snapshot()) {
      storage::SeriesRef& ref = refs_[name];
      if (ref == 0) {
        ORA_ASSIGN_OR_RETURN(ref, writer_.Intern(options_.instance,
                                                 storage::Labels{{"__name__", name},
                                                                 {"component", options_.component},
                                                                 {"instance", options_.instance},
                                                                 {"job", "ora"}}));
      }
      block.series.push_back(ref);
      block.values.push_back(static_cast<double>(value));
    }
  }
  return storage::WriteAndWait(writer_, std::move(batch)).status();
}

void CounterSeries::Start() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = false;
  }
  thread_ = std::thread([this] { Run(); });
}

void CounterSeries::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void CounterSeries::Run() {
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (clock_.Await(mutex_, absl::Condition(&stopping_), options_.interval)) return;
    }
    const absl::Status status = WriteOnce();
    if (status.ok()) continue;
    counters_.Get("ora_counter_series_write_errors_total").Increment();
    log_.Warning(absl::StrCat("own counters were not stored: ", status.message()));
  }
}

}  // namespace ora::aggregator
