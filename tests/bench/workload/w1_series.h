// Series of workload W1 as columns: what benchmarks of parts work on.
#pragma once

#include <cstddef>
#include <vector>

#include "storage/sample.h"
#include "tests/bench/workload/w1.h"

namespace ora::bench {

// All series of host 0, from `start_millis` on.
std::vector<storage::SampleColumns> W1Series(const W1Options& options, int64_t start_millis,
                                             size_t samples);

// Where in them the first series of a kind is.
size_t FirstOfKind(SeriesKind kind);

// The times of `like` with values that no coding makes small.
storage::SampleColumns RandomDoubles(const storage::SampleColumns& like);

}  // namespace ora::bench
