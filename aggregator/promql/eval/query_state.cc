#include "aggregator/promql/eval/query_state.h"

#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "aggregator/promql/parser/printer.h"

namespace ora::promql {
namespace {

absl::Status TooManySamples(uint64_t limit) {
  return absl::ResourceExhaustedError(
      absl::StrCat("query processing would load too many samples into memory in query execution: "
                   "the limit is ",
                   limit, " samples; select fewer series or a shorter range"));
}

// The processor's meter of this thread, which no clock of ours stands for.
absl::Duration ThreadCpu() {
  timespec used = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return absl::DurationFromTimespec(used);
}

}  // namespace

QueryState::QueryState(storage::SeriesReader& reader, const QueryContext& context,
                       storage::TimeRange query)
    : reader_(reader), context_(context), query_(query), cpu_before_(ThreadCpu()) {}

absl::Duration QueryState::CpuUsed() const { return ThreadCpu() - cpu_before_; }

size_t QueryState::BeginNode(const Expr& node) {
  if (context_.explain == Explain::kNo) return 0;
  nodes_.push_back({Print(node), depth_, cost_, ThreadCpu(), 0});
  ++depth_;
  return nodes_.size() - 1;
}

void QueryState::EndNode(size_t begun, uint64_t series_out) {
  if (context_.explain == Explain::kNo) return;
  --depth_;
  NodeCost& node = nodes_[begun];
  node.cost = {cost_.series_selected - node.cost.series_selected,
               cost_.samples_read - node.cost.samples_read};
  node.cpu = ThreadCpu() - node.cpu;
  node.series_out = series_out;
}

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
