// Series of logs, joined to one set of figures a log.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "aggregator/promql/engine.h"
#include "ora/v1/log_service.pb.h"

namespace ora::aggregator {

// What the series of one log say: as it stands, or where the values are rises, what a window saw.
struct LogFigures {
  v1::Log log;  // Without its time.
  std::map<std::string, double> lines_by_level;
  std::map<std::string, double> errors_by_type;
  std::map<double, double> response_buckets;  // Cumulative, by upper bound.
  double response_count = 0;
  double response_seconds_sum = 0;
};

// Instance and path.
using LogKey = std::pair<std::string, std::string>;
using FiguresByLog = absl::btree_map<LogKey, LogFigures>;

// Series that are not of a log are left out.
FiguresByLog CollectFigures(const promql::InstantVector& series);

// The key of a series; the path is empty where it is not of a log.
LogKey KeyOf(const storage::Labels& labels);

}  // namespace ora::aggregator
