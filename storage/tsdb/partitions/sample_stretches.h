// Samples of one series from several places, brought into one order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/sample.h"

namespace ora::storage {

// A part of some columns whose times ascend strictly.
struct SampleStretch {
  size_t begin = 0;
  size_t end = 0;
  uint64_t rank =
      0;  // How late it was stored: of two samples at one time that of the higher rank stays.
};

// Open samples are stored later than all sealed ones.
inline constexpr uint64_t kOpenRank = UINT64_MAX;

// Whether times ascend strictly from `begin` on.
bool Ascends(const SampleColumns& columns, size_t begin);

// Brings the samples from `begin` on, which are in the order in which they were stored, into the
// order of their times; of two at one time the later stored stays.
void SortTail(size_t begin, SampleColumns& columns);

// Cuts the samples from `begin` to the end of `columns`, whose times ascend strictly, to `range`.
void TrimTail(const TimeRange& range, size_t begin, SampleColumns& columns);

// Brings the whole of `columns`, which the stretches make up one after the other, into ascending
// order, each time once; `stretches` is spent. Of two with one rank the latter counts as stored
// later. Only looks at the stretches' ends when these are in order.
void OrderStretches(std::vector<SampleStretch>& stretches, SampleColumns& columns);

}  // namespace ora::storage
