// What a load prints.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/bench/load/load_options.h"

namespace ora::bench {

// Figures by name, in the order in which they were added.
class Report {
 public:
  void Add(absl::string_view name, double value) { figures_.emplace_back(name, value); }

  // One JSON object, or one figure a line; with a line end.
  std::string ToText(ReportForm form) const;

 private:
  std::vector<std::pair<std::string, double>> figures_;
};

}  // namespace ora::bench
