#include "aggregator/promql/query_slots.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ora::promql {

absl::StatusOr<QuerySlots::Slot> QuerySlots::Enter(absl::string_view client) {
  absl::MutexLock lock(&mutex_);
  if (running_ >= limits_.all_max) {
    return absl::ResourceExhaustedError(absl::StrCat("query: ", running_,
                                                     " queries run already, the limit is ",
                                                     limits_.all_max, "; come again later"));
  }
  const auto at = clients_.find(client);
  const size_t of_client = at == clients_.end() ? 0 : at->second;
  if (of_client >= limits_.client_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "query: ", of_client, " queries of client ", client, " run already, the limit is ",
        limits_.client_max, "; wait for one of them to end"));
  }
  ++running_;
  clients_[std::string(client)] = of_client + 1;
  return Slot(*this, client);
}

size_t QuerySlots::running() const {
  absl::MutexLock lock(&mutex_);
  return running_;
}

void QuerySlots::Leave(const std::string& client) {
  absl::MutexLock lock(&mutex_);
  --running_;
  const auto at = clients_.find(client);
  if (--at->second == 0) clients_.erase(at);
}

}  // namespace ora::promql
