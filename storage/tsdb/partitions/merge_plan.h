// Which chunks of a series become which longer ones: a plan from their bounds alone, no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace ora::storage {

// Young rows were coded in haste, by a sealing; merged ones need no other coding.
enum class RowAge { kYoung, kMerged };

// A chunk row of one series, as its key and header tell. Milliseconds within the day, both held.
struct MergeRow {
  uint32_t first_offset_millis = 0;
  uint32_t last_offset_millis = 0;
  uint64_t samples = 0;
  RowAge age = RowAge::kYoung;
};

// Longer chunks pack no better, and a reader of a short range would decode more for nothing.
inline constexpr uint64_t kChunkRowSamplesMax = 16'384;

struct MergePolicy {
  // Rows that overlap no other are joined up to this many samples.
  uint64_t joined_samples_max = kChunkRowSamplesMax;
  // A merged row of this many is long enough: it is left alone while nothing overlaps it.
  uint64_t long_samples = 1'024;
  // Rows that overlap are merged whatever their length, up to this many samples: they are in memory
  // at one time.
  uint64_t group_samples_max = 4'000'000;
};

// While a day goes on, so that a sample is not coded over and over.
inline constexpr MergePolicy kGrowingDayPolicy{};
// When nothing more is awaited.
inline constexpr MergePolicy kClosedDayPolicy{.long_samples = 4'096};

// Positions in `rows`, ascending, of those that are merged with each other.
using MergeGroup = std::vector<size_t>;

// `rows` are all those of a series and day, sorted by their first time. What a group spans in time
// overlaps no row outside of it, so that its merged rows stand in their order of storage too. Of
// rows that do not overlap only those are joined that are not much longer than the rest, which
// bounds how often a sample is coded by the logarithm of the number of merges.
std::vector<MergeGroup> PlanMerge(absl::Span<const MergeRow> rows, const MergePolicy& policy);

}  // namespace ora::storage
