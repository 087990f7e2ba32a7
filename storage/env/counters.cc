#include "storage/env/counters.h"

namespace ora::storage {

Counter& Counters::Get(absl::string_view name) {
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<Counter>& counter = counters_[std::string(name)];
  if (counter == nullptr) counter = std::make_unique<Counter>();
  return *counter;
}

std::vector<std::pair<std::string, uint64_t>> Counters::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::pair<std::string, uint64_t>> snapshot;
  snapshot.reserve(counters_.size());
  for (const auto& [name, counter] : counters_) snapshot.emplace_back(name, counter->Value());
  return snapshot;
}

}  // namespace ora::storage
