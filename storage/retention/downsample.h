// Raw samples of a day to the buckets of a tier. No I/O, no state, any thread.
#pragma once

#include "storage/labels.h"
#include "storage/retention/tier_row.h"
#include "storage/sample.h"

namespace ora::storage {

// What a metric's name says: those that end in _total, _sum, _count or _bucket are counters.
enum class MetricKind { kCounter, kUnknown };
MetricKind KindOf(const Labels& labels);

// The row of a tier (not kRaw) for all samples of one UTC day, times strictly ascending. Resets are
// kept of counters: those by name, and what falls in at most 5 % of the day's steps; but not where
// a value is negative or not finite, which no counter has. Without samples the row is empty; with
// nothing but staleness markers it has those alone.
TierRow Downsample(const SampleColumns& samples, Resolution resolution, MetricKind kind);

}  // namespace ora::storage
