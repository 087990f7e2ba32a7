// A chunk unpacked so far that reading it costs little more than copying, and memory little more
// than its values' range: whole numbers and decimals in as few bytes as they fit, steady times as
// runs. For what is read again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/sample.h"

namespace ora::storage {

// Never changes once it is made: any thread may read.
class PackedColumn {
 public:
  // DATA_LOSS: the chunk is damaged; any bytes are safe to pass.
  static absl::StatusOr<PackedColumn> OfChunk(absl::string_view chunk);

  size_t size() const { return size_; }
  size_t bytes() const;  // Of memory, about.

  // How many of its samples are before `time_millis`.
  size_t CountBefore(int64_t time_millis) const;

  // Writes the samples from `begin` to before `end` over what stands in `columns` from `at` on,
  // bit for bit as the chunk has them. The columns are lengthened where they must be, never
  // shortened.
  void Read(size_t begin, size_t end, size_t at, SampleColumns& columns) const;

 private:
  // Times at one pace, until the next run begins.
  struct Run {
    size_t begin = 0;  // Position of its first sample.
    int64_t first_millis = 0;
    uint64_t step_millis = 0;  // 0: it is alone.
  };
  // Times that have no pace, as distances from the first.
  struct Distances {
    int64_t first_millis = 0;
    std::vector<uint32_t> millis;
  };
  // value = (base + whole) / power.
  template <typename Whole>
  struct Decimals {
    double base = 0;
    double power = 1;
    std::vector<Whole> wholes;
  };
  using Times = std::variant<std::vector<Run>, Distances, std::vector<int64_t>>;
  using Values = std::variant<double, Decimals<int8_t>, Decimals<int16_t>, Decimals<int32_t>,
                              std::vector<double>>;

  static Times PackTimes(const std::vector<int64_t>& times, size_t count);
  template <typename Whole>
  static Values PackWholes(const int64_t* wholes, size_t count, int64_t middle, double power);
  static Values PackDecimals(const int64_t* wholes, size_t count, unsigned exponent);
  void ReadTimes(size_t begin, size_t end, int64_t* to) const;
  void ReadValues(size_t begin, size_t end, double* to) const;

  size_t size_ = 0;
  Times times_;
  Values values_;
};

}  // namespace ora::storage
