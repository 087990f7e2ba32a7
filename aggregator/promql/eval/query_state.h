// What all parts of one query's evaluation share: its reader, its limits, its notes.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/engine.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "storage/series_reader.h"

namespace ora::promql {

// One thread's.
class QueryState {
 public:
  // All must outlive the state.
  QueryState(storage::SeriesReader& reader, const QueryContext& context, storage::TimeRange query)
      : reader_(reader), context_(context), query_(query) {}

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

 private:
  storage::SeriesReader& reader_;
  const QueryContext& context_;
  const storage::TimeRange query_;
  QueryCost cost_;
  std::set<std::string> warnings_;
  std::set<std::string> infos_;
};

}  // namespace ora::promql
