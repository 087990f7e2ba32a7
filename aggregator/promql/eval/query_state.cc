#include "aggregator/promql/eval/query_state.h"

#include "absl/strings/str_cat.h"

namespace ora::promql {
namespace {

absl::Status TooManySamples(uint64_t limit) {
  return absl::ResourceExhaustedError(
      absl::StrCat("query processing would load too many samples into memory in query execution: "
                   "the limit is ",
                   limit, " samples; select fewer series or a shorter range"));
}

}  // namespace

absl::Status QueryState::CountSamples(uint64_t samples) {
  cost_.samples_read += samples;
  if (cost_.samples_read <= context_.limits.samples_max) return absl::OkStatus();
  return TooManySamples(context_.limits.samples_max);
}

absl::Status QueryState::CheckSize(uint64_t series, uint64_t steps) const {
  const uint64_t limit = context_.limits.samples_max;
  if (series == 0 || steps <= limit / series) return absl::OkStatus();
  return TooManySamples(limit);
}

absl::Status QueryState::CheckAlive() const {
  return context_.check_alive ? context_.check_alive() : absl::OkStatus();
}

}  // namespace ora::promql
