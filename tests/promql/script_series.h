// The series that a script has loaded, and which of what it reads is set aside.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage/series_reader.h"
#include "tests/fakes/memory_series.h"
#include "tests/promql/script.h"

namespace ora::promql {

// One thread's.
class ScriptSeries : public storage::SeriesReader {
 public:
  void Clear();

  // Of two lines for one series the later stays; what other loads have brought stays too.
  void Load(const LoadCommand& load);

  // Notes which of the series that match are set aside; `touched` tells.
  absl::StatusOr<std::unique_ptr<storage::SeriesCursor>> Select(
      const storage::SelectRequest& request) override;
  absl::StatusOr<std::vector<std::string>> LabelNames(
      const std::vector<storage::Matcher>& matchers) override {
    return floats_.LabelNames(matchers);
  }
  absl::StatusOr<std::vector<std::string>> LabelValues(
      absl::string_view label, const std::vector<storage::Matcher>& matchers) override {
    return floats_.LabelValues(label, matchers);
  }

  struct Touched {
    bool histograms = false;     // A native histogram lies in the times that were selected.
    bool type_and_unit = false;  // A series has the label __type__ or __unit__.
  };
  const Touched& touched() const { return touched_; }
  void ForgetTouched() { touched_ = {}; }

 private:
  using Times = std::set<int64_t>;

  fakes::MemorySeries floats_;
  std::map<storage::Labels, Times> histograms_;
  std::set<storage::Labels> typed_;  // Those with __type__ or __unit__.
  Touched touched_;
};

}  // namespace ora::promql
