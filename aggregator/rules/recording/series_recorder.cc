#include "aggregator/rules/recording/series_recorder.h"

#include <utility>

#include "proto/status/status_macros.h"

namespace ora::aggregator {

void SeriesRecorder::Add(const storage::Labels& labels, storage::SeriesRef ref,
                         const storage::Sample& sample, Batches& batches) const {
  const absl::string_view named = labels.Get(storage::kInstanceLabel);
  const std::string instance = named.empty() ? instance_ : std::string(named);
  storage::WriteBatch& batch = batches[instance];
  if (batch.blocks.empty()) {
    batch.instance = instance;
    batch.blocks.emplace_back().time_millis = sample.time_millis;
  }
  batch.blocks.front().series.push_back(ref);
  batch.blocks.front().values.push_back(sample.value);
}

absl::Status SeriesRecorder::Record(const std::string& source,
                                    const std::vector<EvaluatedSeries>& series,
                                    int64_t time_millis) {
  Refs before;
  {
    absl::MutexLock lock(&mutex_);
    before.swap(sources_[source]);
  }
  Refs now;
  Batches batches;
  for (const EvaluatedSeries& one : series) {
    const auto known = before.find(one.labels);
    storage::SeriesRef ref = 0;
    if (known != before.end()) {
      ref = known->second;
      before.erase(known);
    } else {
      const absl::string_view named = one.labels.Get(storage::kInstanceLabel);
      ORA_ASSIGN_OR_RETURN(
          ref, writer_.Intern(named.empty() ? instance_ : std::string(named), one.labels));
    }
    now[one.labels] = ref;
    Add(one.labels, ref, {time_millis, one.value}, batches);
  }
  for (const auto& [labels, ref] : before) {
    Add(labels, ref, {time_millis, storage::StaleMarker()}, batches);
  }
  // On an error the series are interned anew next time: the store may have forgotten them.
  for (auto& [instance, batch] : batches) {
    ORA_RETURN_IF_ERROR(storage::WriteAndWait(writer_, std::move(batch)).status());
  }
  absl::MutexLock lock(&mutex_);
  sources_[source] = std::move(now);
  return absl::OkStatus();
}

}  // namespace ora::aggregator
