// Numbers as a person reads them.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ora::aggregator {

// A value in one of the units of v1.Alert: `64.51 %`, `2.10 s`, `1.50 GiB`, `0.65`, `120 errors`.
std::string ValueWithUnit(double value, absl::string_view unit);

// As Prometheus's template functions of these names: `1.234k`, `1.5Gi`, `64.51%`, `1h 2m 3s`.
std::string Humanize(double value);
std::string Humanize1024(double value);
std::string HumanizePercentage(double ratio);
std::string HumanizeDuration(double seconds);

// The shortest decimal that reads back as `value`: `64.51`, `3`, `NaN`, `+Inf`.
std::string PlainNumber(double value);

// With `digits` digits after the point, 0 to 17.
std::string FixedNumber(double value, int digits);

}  // namespace ora::aggregator
