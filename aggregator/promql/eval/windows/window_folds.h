// Functions whose value of a window follows from its values of the window's parts: no sample is
// read more than twice, however much the windows overlap.
//
// A fold makes a state of a piece of a series, one of two neighbouring pieces' states, and of a
// window's state its value, if there are samples enough.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
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

// Neighbouring samples; two columns of one length.
struct SamplePiece {
  absl::Span<const int64_t> times;
  absl::Span<const double> values;

  SamplePiece Part(size_t begin, size_t end) const {
    return {times.subspan(begin, end - begin), values.subspan(begin, end - begin)};
  }
};

using FoldResult = std::optional<double>;

// For folds that need nothing but the pieces.
struct StatelessFold {
  void Begin(const SamplePiece&) {}
};

struct SumFold : StatelessFold {
  using State = KahanSum;
  static State Of(const SamplePiece& piece) { return SumOf(piece.values); }
  static State Join(const State& older, const State& newer) { return JoinSums(older, newer); }
  static FoldResult Result(const State& sum, const SamplePiece& window, size_t) {
    if (std::isfinite(sum.sum)) return sum.sum + sum.compensation;
    KahanSum in_order;
    for (const double value : window.values) in_order.Add(value);
    return in_order.Total();
  }
};

struct AvgFold : SumFold {
  static FoldResult Result(const State& sum, const SamplePiece& window, size_t) {
    const auto count = static_cast<double>(window.values.size());
    if (std::isfinite(sum.sum)) return sum.sum / count + sum.compensation / count;
    RunningMean mean;
    for (const double value : window.values) mean.Add(value);
    return mean.Mean();
  }
};

struct MaxFold : StatelessFold {
  using State = double;
  static State Of(const SamplePiece& piece) { return LargestOf(piece.values); }
  static State Join(State a, State b) { return std::isnan(a) || b > a ? b : a; }
  static FoldResult Result(State largest, const SamplePiece&, size_t) { return largest; }
};

struct MinFold : StatelessFold {
  using State = double;
  static State Of(const SamplePiece& piece) { return SmallestOf(piece.values); }
  static State Join(State a, State b) { return std::isnan(a) || b < a ? b : a; }
  static FoldResult Result(State smallest, const SamplePiece&, size_t) { return smallest; }
};

// Slides over one series after the other; its memory is used again.
template <typename Fold>
class SlidingFold {
 public:
  explicit SlidingFold(Fold fold = Fold()) : fold_(std::move(fold)) {}

  // Puts each step's value into `result`, but where the window has too few samples.
  void Slide(const SamplePiece& series, const WindowEdges& edges, GridSeries& result) {
    if (series.values.empty()) return;
    fold_.Begin(series);
    const size_t steps = edges.ends.size();
    for (size_t step = 0; step < steps;) {
      if (edges.begins[step] == edges.ends[step]) {
        ++step;
        continue;
      }
      step = SlideAround(series, edges, step, result);
    }
  }

 private:
  using State = typename Fold::State;

  // Does the windows from `first` on that share samples with its own: what lies before its end is
  // folded backward, once for all of them, and what lies behind it forward. Returns the step after.
  size_t SlideAround(const SamplePiece& series, const WindowEdges& edges, size_t first,
                     GridSeries& result) {
    const size_t middle = edges.ends[first];
    size_t last = first;
    while (last + 1 < edges.ends.size() && edges.begins[last + 1] < middle) ++last;
    older_.resize(last - first + 1);
    older_.back() = fold_.Of(series.Part(edges.begins[last], middle));
    for (size_t step = last; step-- > first;) {
      const State& behind = older_[step + 1 - first];
      older_[step - first] =
          edges.begins[step] == edges.begins[step + 1]
              ? behind
              : fold_.Join(fold_.Of(series.Part(edges.begins[step], edges.begins[step + 1])),
                           behind);
    }
    State newer{};
    size_t newer_end = middle;
    for (size_t step = first; step <= last; ++step) {
      const size_t end = edges.ends[step];
      if (end > newer_end) {
        const State piece = fold_.Of(series.Part(newer_end, end));
        newer = newer_end == middle ? piece : fold_.Join(newer, piece);
        newer_end = end;
      }
      const State& older = older_[step - first];
      const FoldResult value = fold_.Result(newer_end == middle ? older : fold_.Join(older, newer),
                                            series.Part(edges.begins[step], end), step);
      if (value) result.Put(step, *value);
    }
    return last + 1;
  }

  Fold fold_;
  std::vector<State> older_;  // By step from the first on: of its window up to the middle.
};

}  // namespace ora::promql
