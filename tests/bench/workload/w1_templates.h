// The metrics of workload W1: what a host of a fleet is measured by.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ora::bench {

// How a series behaves from step to step.
enum class SeriesKind : uint8_t {
  kCounter,       // Grows by about N(50, 10).
  kIntegerGauge,  // 0 to 100: a walk with steps of N(0, 1), cut to integers.
  kLargeGauge,    // Around 2^32, in steps of 4,096 x N(0, 148).
  kDecimalGauge,  // 0 to 100 with 2 decimals: a walk with steps of N(0, 1.00).
  kByteCounter,   // Grows by 0 to 200,000, all alike.
  kConstant,      // Never moves.
};

inline constexpr size_t kSeriesKinds = 6;

struct SeriesTemplate {
  absl::string_view name;
  SeriesKind kind = SeriesKind::kConstant;
};

// The 101 metrics of one host, grouped by kind: 44 counters, 21 integer gauges (the ten CPU
// percentages among them), 14 large gauges, 12 gauges with 2 decimals, 5 byte counters and 5
// constants.
absl::Span<const SeriesTemplate> W1Templates();

}  // namespace ora::bench
