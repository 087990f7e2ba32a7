// Functions whose value of a window follows from its values of the window's parts: no sample is
// read more than twice, however much the windows overlap.
//
// A fold makes a state of a piece of a series, and one of two neighbouring pieces' states.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "absl/types/span.h"
#include "aggregator/promql/eval/statistics.h"
#include "aggregator/promql/eval/vector_grid.h"
#include "aggregator/promql/eval/windows/window_edges.h"

namespace ora::promql {

// As CompensatedSum adds them, but for the order; not finite where that overflows.
KahanSum SumOf(absl::Span<const double> values);

// The largest (smallest) of those that are numbers; NaN if none is. At least one value.
double LargestOf(absl::Span<const double> values);
double SmallestOf(absl::Span<const double> values);

bool HasNan(absl::Span<const double> values);

inline KahanSum JoinSums(KahanSum older, const KahanSum& newer) {
  older.Add(newer.sum);
  older.compensation += newer.compensation;
  return older;
}

struct SumFold {
  using State = KahanSum;
  static State Of(absl::Span<const double> values) { return SumOf(values); }
  static State Join(const State& older, const State& newer) { return JoinSums(older, newer); }
  static double Result(const State& sum, absl::Span<const double> window) {
    if (std::isfinite(sum.sum)) return sum.sum + sum.compensation;
    KahanSum in_order;
    for (const double value : window) in_order.Add(value);
    return in_order.Total();
  }
};

struct AvgFold : SumFold {
  static double Result(const State& sum, absl::Span<const double> window) {
    const auto count = static_cast<double>(window.size());
    if (std::isfinite(sum.sum)) return sum.sum / count + sum.compensation / count;
    RunningMean mean;
    for (const double value : window) mean.Add(value);
    return mean.Mean();
  }
};

struct MaxFold {
  using State = double;
  static State Of(absl::Span<const double> values) { return LargestOf(values); }
  static State Join(State a, State b) { return std::isnan(a) || b > a ? b : a; }
  static double Result(State largest, absl::Span<const double>) { return largest; }
};

struct MinFold {
  using State = double;
  static State Of(absl::Span<const double> values) { return SmallestOf(values); }
  static State Join(State a, State b) { return std::isnan(a) || b < a ? b : a; }
  static double Result(State smallest, absl::Span<const double>) { return smallest; }
};

// Slides over one series after the other; its memory is used again.
template <typename Fold>
class SlidingFold {
 public:
  // Puts each step's value into `result`, but where the window is empty.
  void Slide(absl::Span<const double> values, const WindowEdges& edges, GridSeries& result) {
    const size_t steps = edges.ends.size();
    for (size_t step = 0; step < steps;) {
      if (edges.begins[step] == edges.ends[step]) {
        ++step;
        continue;
      }
      step = SlideAround(values, edges, step, result);
    }
  }

 private:
  using State = typename Fold::State;

  static State Piece(absl::Span<const double> values, size_t begin, size_t end) {
    return Fold::Of(values.subspan(begin, end - begin));
  }

  // Does the windows from `first` on that share samples with its own: what lies before its end is
  // folded backward, once for all of them, and what lies behind it forward. Returns the step after.
  size_t SlideAround(absl::Span<const double> values, const WindowEdges& edges, size_t first,
                     GridSeries& result) {
    const size_t middle = edges.ends[first];
    size_t last = first;
    while (last + 1 < edges.ends.size() && edges.begins[last + 1] < middle) ++last;
    older_.resize(last - first + 1);
    older_.back() = Piece(values, edges.begins[last], middle);
    for (size_t step = last; step-- > first;) {
      const State& behind = older_[step + 1 - first];
      older_[step - first] =
          edges.begins[step] == edges.begins[step + 1]
              ? behind
              : Fold::Join(Piece(values, edges.begins[step], edges.begins[step + 1]), behind);
    }
    State newer{};
    size_t newer_end = middle;
    for (size_t step = first; step <= last; ++step) {
      const size_t end = edges.ends[step];
      if (end > newer_end) {
        const State piece = Piece(values, newer_end, end);
        newer = newer_end == middle ? piece : Fold::Join(newer, piece);
        newer_end = end;
      }
      const State& older = older_[step - first];
      const size_t begin = edges.begins[step];
      result.Put(step, Fold::Result(newer_end == middle ? older : Fold::Join(older, newer),
                                    values.subspan(begin, end - begin)));
    }
    return last + 1;
  }

  std::vector<State> older_;  // By step from the first on: of its window up to the middle.
};

}  // namespace ora::promql
