#include "aggregator/admission/query_slots.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ora::aggregator {

absl::StatusOr<QuerySlots::Slot> QuerySlots::Enter(absl::string_view client, absl::Duration wait) {
  absl::MutexLock lock(&mutex_);
  const auto free = [this, client]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return running_ < limits_.all_max && RunningOf(client) < limits_.client_max;
  };
  if (!free() && wait > absl::ZeroDuration()) clock_.Await(mutex_, absl::Condition(&free), wait);
  if (running_ >= limits_.all_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("query: ", running_, " queries run already, query.concurrent_max is ",
                     limits_.all_max, "; come again later"));
  }
  if (const size_t of_client = RunningOf(client); of_client >= limits_.client_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("query: ", of_client, " queries of client ", client,
                     " run already, query.concurrent_per_client_max is ", limits_.client_max,
                     "; wait for one of them to end"));
  }
  ++running_;
  ++clients_[client];
  return Slot(*this, client);
}

size_t QuerySlots::running() const {
  absl::MutexLock lock(&mutex_);
  return running_;
}

size_t QuerySlots::RunningOf(absl::string_view client) const {
  const auto at = clients_.find(client);
  return at == clients_.end() ? 0 : at->second;
}

void QuerySlots::Leave(const std::string& client) {
  absl::MutexLock lock(&mutex_);
  --running_;
  const auto at = clients_.find(client);
  if (--at->second == 0) clients_.erase(at);
}

}  // namespace ora::aggregator
