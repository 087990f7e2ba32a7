// An alert as a report to read.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "ora/v1/alert_service.pb.h"

namespace ora::aggregator {

v1::AlertReport MakeAlertReport(const v1::Alert& alert, absl::Time now);

// `## Alert Report` and its seven lines.
std::string AlertReportMarkdown(const v1::AlertReport& report);

}  // namespace ora::aggregator
