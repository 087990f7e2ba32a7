// What of Prometheus's language Ora does not have, by the names under which it is counted.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "tests/promql/script.h"

namespace ora::promql {

inline constexpr char kNativeHistograms[] = "native histograms";
inline constexpr char kDurationExpressions[] = "duration expressions";
inline constexpr char kTypeAndUnitLabels[] = "type and unit labels";
inline constexpr char kInfoFunction[] = "info()";
inline constexpr char kLimitRatioHash[] = "the hash of limit_ratio";

// What the text of an eval needs that Ora does not have; empty: nothing. What it needs of the
// loaded series shows only when it runs.
std::string WhySetAside(const EvalCommand& eval);

// Whether the result depends on which series limit_ratio picks.
bool DependsOnHash(absl::string_view query);

}  // namespace ora::promql
