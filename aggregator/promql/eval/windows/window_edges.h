// Where the windows of a range lie in a series' samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace ora::promql {

// By step: the window's samples are those from `begins` to before `ends`. Both ascend.
struct WindowEdges {
  std::vector<uint32_t> begins;
  std::vector<uint32_t> ends;
};

// Of windows that end at `ends_millis`, which ascend, and begin `range_millis` before, not
// included. `times` ascend. The old content of `edges` is replaced, its memory used again.
void FindEdges(absl::Span<const int64_t> times, absl::Span<const int64_t> ends_millis,
               int64_t range_millis, WindowEdges& edges);

}  // namespace ora::promql
