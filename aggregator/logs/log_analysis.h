// What happened in one log over a window, from its figures.
#pragma once

#include <map>

#include "absl/time/time.h"
#include "aggregator/logs/log_figures.h"

namespace ora::aggregator {

struct WindowFigures {
  LogFigures rises;                // What the window saw.
  double storage_bytes_start = 0;  // At its start; 0 where the log was not there yet.
  absl::Duration length;
};

v1::LogAnalysis MakeLogAnalysis(const LogFigures& now, const WindowFigures& window);

// As histogram_quantile of PromQL: linear within a bucket; NaN where there is nothing.
double BucketQuantile(double quantile, const std::map<double, double>& cumulative);

}  // namespace ora::aggregator
