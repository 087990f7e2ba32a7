// What an expression is worth at every step of a query: a column of values a series.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "aggregator/promql/engine.h"
#include "storage/labels.h"
#include "storage/sample.h"

namespace ora::promql {

// The instants at which a query is evaluated.
struct StepGrid {
  int64_t start_millis = 0;
  int64_t step_millis = 1;
  size_t count = 1;

  int64_t At(size_t step) const { return start_millis + static_cast<int64_t>(step) * step_millis; }
  int64_t Last() const { return At(count - 1); }
};

// At which steps there is a value. NaN is a value, so it cannot say that there is none.
class StepBits {
 public:
  StepBits() = default;
  explicit StepBits(size_t count) : words_((count + 63) / 64) {}

  bool empty() const { return words_.empty(); }  // Made for no steps at all.
  void Clear() { words_.assign(words_.size(), 0); }
  bool Get(size_t step) const { return (words_[step / 64] >> (step % 64) & 1) != 0; }
  void Set(size_t step) { words_[step / 64] |= uint64_t{1} << (step % 64); }
  bool Any() const;
  bool Intersects(const StepBits& other) const;
  void Add(const StepBits& other);
  void Keep(const StepBits& other);
  void Remove(const StepBits& other);

  // Calls `visit` with each step that is set, ascending.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (size_t word = 0; word < words_.size(); ++word) {
      for (uint64_t bits = words_[word]; bits != 0; bits &= bits - 1) {
        visit(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
      }
    }
  }

 private:
  absl::InlinedVector<uint64_t, 1> words_;
};

struct GridSeries {
  storage::Labels labels;
  bool drop_name = false;                 // The metric's name is to go at the end of the query.
  absl::InlinedVector<double, 1> values;  // By step; of an instant without memory of its own.
  StepBits present;

  GridSeries() = default;
  GridSeries(storage::Labels series_labels, size_t steps)
      : labels(std::move(series_labels)), values(steps), present(steps) {}

  void Put(size_t step, double value) {
    values[step] = value;
    present.Set(step);
  }
  // Without a value at any step.
  void Clear() { present.Clear(); }
};

using VectorGrid = std::vector<GridSeries>;
using ScalarGrid = std::vector<double>;  // A value at every step.
using GridValue = std::variant<ScalarGrid, VectorGrid, std::string>;

// The samples that a range selector or a subquery sees, and where its windows lie.
struct WindowSeries {
  storage::Labels labels;
  bool drop_name = false;
  storage::SampleColumns samples;  // Without staleness markers.
};

struct WindowGrid {
  std::vector<WindowSeries> series;
  std::vector<int64_t> ends_millis;  // Of each step's window, included.
  int64_t range_millis = 0;          // The start, `range_millis` before the end, is not included.
};

// What to do where two series have become the same: an error always, or only where both have a
// value at one step (else they become one).
enum class SameLabels { kRefuse, kMerge };

// Without the series that have no value at all.
VectorGrid WithoutEmpty(VectorGrid grid);

// INVALID_ARGUMENT: `vector cannot contain metrics with the same labelset`.
absl::StatusOr<VectorGrid> Unite(VectorGrid grid, SameLabels same);

// Takes the names away as `removal` says, empty series too.
absl::StatusOr<VectorGrid> DropNames(VectorGrid grid, NameRemoval removal, SameLabels same);

// Takes away the names that were to go at the end.
absl::StatusOr<VectorGrid> FinishNames(VectorGrid grid);

}  // namespace ora::promql
