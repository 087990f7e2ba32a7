// What all parts of one query's evaluation share: its reader, its limits, its notes.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/engine.h"
#include "aggregator/promql/eval/sharing/shared_nodes.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/parser/syntax_tree.h"
#include "storage/series_reader.h"

namespace ora::promql {

// One thread's.
class QueryState {
 public:
  // All must outlive the state.
  QueryState(storage::SeriesReader& reader, const QueryContext& context, storage::TimeRange query);

  storage::SeriesReader& reader() const { return reader_; }
  const QueryContext& context() const { return context_; }
  const storage::TimeRange& query() const { return query_; }  // start() and end().

  // Counts samples that were read. RESOURCE_EXHAUSTED: over the limit.
  absl::Status CountSamples(uint64_t samples);
  void CountSeries(uint64_t series) { cost_.series_selected += series; }

  // RESOURCE_EXHAUSTED: a result of so many series over so many steps would not fit.
  absl::Status CheckSize(uint64_t series, uint64_t steps) const;

  // The error that ends the query, if it is to end.
  absl::Status CheckAlive() const;

  void Warn(absl::string_view message) { warnings_.emplace(message); }
  void Inform(absl::string_view message) { infos_.emplace(message); }

  const std::set<std::string>& warnings() const { return warnings_; }
  const std::set<std::string>& infos() const { return infos_; }
  const QueryCost& cost() const { return cost_; }

  // Of this thread, since the state was made.
  absl::Duration CpuUsed() const;

  // What the expression says more than once.
  void Share(const Expr& root) { shared_.Find(root); }
  SharedNodes& shared() { return shared_; }

  // Meters a node, if the context asks to explain, from Begin to the End that belongs to it; those
  // in between are below it.
  size_t BeginNode(const Expr& node);
  void EndNode(size_t begun, uint64_t series_out);
  std::vector<NodeCost> TakeNodes() { return std::move(nodes_); }

 private:
  storage::SeriesReader& reader_;
  const QueryContext& context_;
  const storage::TimeRange query_;
  const absl::Duration cpu_before_;
  QueryCost cost_;
  SharedNodes shared_;
  std::vector<NodeCost> nodes_;  // Of one that is not done, `cost` and `cpu` are what was before.
  size_t depth_ = 0;
  std::set<std::string> warnings_;
  std::set<std::string> infos_;
};

}  // namespace ora::promql
