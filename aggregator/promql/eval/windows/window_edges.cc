#include "aggregator/promql/eval/windows/window_edges.h"

#include <algorithm>

namespace ora::promql {
namespace {

// Finds one place after the other. Samples mostly come at one pace, as steps do, so the next place
// is as far as the last was, or is looked for in strides that double.
class EdgeFinder {
 public:
  explicit EdgeFinder(absl::Span<const int64_t> times) : times_(times) {}

  // How many times are at or before `bound`, which is not below the last one.
  size_t CountUpTo(int64_t bound) {
    const size_t guess = at_ + stride_;
    if (guess > times_.size() || !IsPlace(guess, bound)) {
      const size_t place = Search(bound);
      stride_ = place - at_;
      at_ = place;
    } else {
      at_ = guess;
    }
    return at_;
  }

 private:
  bool IsPlace(size_t place, int64_t bound) const {
    return (place == 0 || times_[place - 1] <= bound) &&
           (place == times_.size() || times_[place] > bound);
  }

  size_t Search(int64_t bound) const {
    size_t low = at_;  // All before are at or before the bound.
    size_t stride = 1;
    while (low + stride <= times_.size() && times_[low + stride - 1] <= bound) {
      low += stride;
      stride *= 2;
    }
    const size_t high = std::min(low + stride, times_.size());
    const auto first = times_.begin();
    return static_cast<size_t>(std::upper_bound(first + static_cast<std::ptrdiff_t>(low),
                                                first + static_cast<std::ptrdiff_t>(high), bound) -
                               first);
  }

  const absl::Span<const int64_t> times_;
  size_t at_ = 0;
  size_t stride_ = 0;
};

}  // namespace

void FindEdges(absl::Span<const int64_t> times, absl::Span<const int64_t> ends_millis,
               int64_t range_millis, WindowEdges& edges) {
  edges.begins.resize(ends_millis.size());
  edges.ends.resize(ends_millis.size());
  EdgeFinder begin(times);
  EdgeFinder end(times);
  for (size_t step = 0; step < ends_millis.size(); ++step) {
    edges.begins[step] = static_cast<uint32_t>(begin.CountUpTo(ends_millis[step] - range_millis));
    edges.ends[step] = static_cast<uint32_t>(end.CountUpTo(ends_millis[step]));
  }
}

}  // namespace ora::promql
