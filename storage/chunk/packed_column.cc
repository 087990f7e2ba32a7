#include "storage/chunk/packed_column.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/chunk_codec.h"
#include "storage/chunk/codec_scratch.h"
#include "storage/chunk/decimal_scale.h"
#include "storage/chunk/time_column.h"
#include "storage/chunk/value_column.h"
#include "storage/wide_registers.h"

namespace ora::storage {
namespace {

// Below as many samples a run on the average, distances take less memory and are found as fast.
constexpr size_t kRunSamplesMin = 8;

// Up to here sums of two whole numbers are exact as float64.
constexpr int64_t kExactMax = int64_t{1} << 51;

// One loop a width, with the processor's widest registers.
template <typename Whole>
void Widen(const Whole* wholes, size_t count, double base, double power, double* to) {
  if (power == 1) {
    for (size_t i = 0; i < count; ++i) to[i] = base + static_cast<double>(wholes[i]);
  } else {
    for (size_t i = 0; i < count; ++i) to[i] = (base + static_cast<double>(wholes[i])) / power;
  }
}

// Times are whatever a chunk says, so that their distances may not fit into an int64_t.
uint64_t StepAfter(const std::vector<int64_t>& times, size_t i) {
  return static_cast<uint64_t>(times[i + 1]) - static_cast<uint64_t>(times[i]);
}

struct Extremes {
  int64_t low = 0;
  int64_t high = 0;
};

// Without a branch each, so that many are compared at once.
Extremes ExtremesOf(const int64_t* wholes, size_t count) {
  Extremes found{wholes[0], wholes[0]};
  for (size_t i = 0; i < count; ++i) {
    found.low = wholes[i] < found.low ? wholes[i] : found.low;
    found.high = wholes[i] > found.high ? wholes[i] : found.high;
  }
  return found;
}

template <typename Whole>
void Narrow(const int64_t* wholes, size_t count, int64_t middle, Whole* to) {
  for (size_t i = 0; i < count; ++i) to[i] = static_cast<Whole>(wholes[i] - middle);
}

void Pace(uint64_t first, uint64_t step, size_t count, int64_t* to) {
  for (size_t i = 0; i < count; ++i) to[i] = static_cast<int64_t>(first + i * step);
}

void Spread(const uint32_t* distances, size_t count, int64_t first, int64_t* to) {
  for (size_t i = 0; i < count; ++i) to[i] = first + distances[i];
}

}  // namespace

PackedColumn::Times PackedColumn::PackTimes(const std::vector<int64_t>& times, size_t count) {
  std::vector<Run> runs;
  const size_t runs_max = count / kRunSamplesMin + 1;
  for (size_t i = 0; i < count && runs.size() <= runs_max;) {
    Run run{i, times[i], i + 1 < count ? StepAfter(times, i) : 0};
    while (i + 1 < count && StepAfter(times, i) == run.step_millis) ++i;
    ++i;
    runs.push_back(run);
  }
  if (runs.size() <= runs_max) {
    runs.shrink_to_fit();
    return runs;
  }
  const std::vector<int64_t> plain(times.begin(),
                                   times.begin() + static_cast<std::ptrdiff_t>(count));
  const uint64_t span = static_cast<uint64_t>(plain.back()) - static_cast<uint64_t>(plain.front());
  if (span > std::numeric_limits<uint32_t>::max()) return plain;
  Distances distances{plain.front(), {}};
  distances.millis.reserve(count);
  for (const int64_t time : plain) {
    distances.millis.push_back(static_cast<uint32_t>(time - plain.front()));
  }
  return distances;
}

template <typename Whole>
PackedColumn::Values PackedColumn::PackWholes(const int64_t* wholes, size_t count, int64_t middle,
                                              double power) {
  Decimals<Whole> packed{static_cast<double>(middle), power, std::vector<Whole>(count)};
  CallFastest<Narrow<Whole>>(wholes, count, middle, packed.wholes.data());
  return packed;
}

PackedColumn::Values PackedColumn::PackDecimals(const int64_t* wholes, size_t count,
                                                unsigned exponent) {
  const auto [low, high] = CallFastest<ExtremesOf>(wholes, count);
  const double power = DecimalPower(exponent);
  const bool exact = low >= -kExactMax && high <= kExactMax;
  const int64_t middle = exact ? low + (high - low + 1) / 2 : 0;
  const auto fits = [&, low = low, high = high](auto least) {
    using Limits = std::numeric_limits<decltype(least)>;
    return exact && low - middle >= Limits::min() && high - middle <= Limits::max();
  };
  if (fits(int8_t{})) return PackWholes<int8_t>(wholes, count, middle, power);
  if (fits(int16_t{})) return PackWholes<int16_t>(wholes, count, middle, power);
  if (fits(int32_t{})) return PackWholes<int32_t>(wholes, count, middle, power);
  std::vector<double> plain(count);
  UnscaleDecimals({wholes, count}, exponent, plain.data());
  return plain;
}

absl::StatusOr<PackedColumn> PackedColumn::OfChunk(absl::string_view chunk) {
  thread_local DecodeScratch scratch;
  thread_local SampleColumns unpacked;
  ByteReader reader(chunk);
  const absl::StatusOr<size_t> count = ReadChunkHead(reader);
  if (!count.ok()) return count.status();
  const auto damaged = [&](absl::string_view column) {
    return absl::DataLossError(absl::StrCat("chunk of ", chunk.size(), " bytes and ", *count,
                                            " samples has damaged ", column));
  };
  if (unpacked.size() < *count) {
    unpacked.time_millis.resize(*count);
    unpacked.values.resize(*count);
  }
  if (!storage::ReadTimes(reader, scratch, absl::MakeSpan(unpacked.time_millis.data(), *count))) {
    return damaged("times");
  }
  PackedColumn packed;
  packed.size_ = *count;
  packed.times_ = PackTimes(unpacked.time_millis, *count);
  const absl::Span<double> values(unpacked.values.data(), *count);
  const StoredValues stored = ReadValuesAsStored(reader, scratch, values);
  switch (stored.kind) {
    case StoredValues::kDamaged:
      return damaged("values");
    case StoredValues::kConstant:
      packed.values_ = values[0];
      break;
    case StoredValues::kDecimals:
      packed.values_ = PackDecimals(scratch.scaled.data(), *count, stored.exponent);
      break;
    case StoredValues::kPlain:
      packed.values_ = std::vector<double>(values.begin(), values.end());
      break;
  }
  if (!reader.rest().empty()) return damaged("bytes after its end");
  return packed;
}

size_t PackedColumn::bytes() const {
  const auto of = [](const auto& items) { return items.capacity() * sizeof(items[0]); };
  size_t times = 0;
  if (const auto* distances = std::get_if<Distances>(&times_)) {
    times = of(distances->millis);
  } else if (const auto* plain = std::get_if<std::vector<int64_t>>(&times_)) {
    times = of(*plain);
  } else {
    times = of(std::get<std::vector<Run>>(times_));
  }
  const auto of_values = [&](const auto& values) -> size_t {
    using Kept = std::decay_t<decltype(values)>;
    if constexpr (std::is_same_v<Kept, double>) {
      return 0;
    } else if constexpr (std::is_same_v<Kept, std::vector<double>>) {
      return of(values);
    } else {
      return of(values.wholes);
    }
  };
  return sizeof(*this) + times + std::visit(of_values, values_);
}

size_t PackedColumn::CountBefore(int64_t time_millis) const {
  if (const auto* runs = std::get_if<std::vector<Run>>(&times_)) {
    const auto after = std::partition_point(
        runs->begin(), runs->end(), [&](const Run& run) { return run.first_millis < time_millis; });
    if (after == runs->begin()) return 0;
    const Run& run = *(after - 1);
    const size_t run_end = after == runs->end() ? size_ : after->begin;
    if (run.step_millis == 0) return run_end;  // Of one sample.
    const uint64_t ahead =
        static_cast<uint64_t>(time_millis) - static_cast<uint64_t>(run.first_millis);
    return std::min(run_end, run.begin + static_cast<size_t>((ahead - 1) / run.step_millis + 1));
  }
  const auto before = [&](const auto& items, auto bound) {
    return static_cast<size_t>(std::lower_bound(items.begin(), items.end(), bound) - items.begin());
  };
  if (const auto* plain = std::get_if<std::vector<int64_t>>(&times_)) {
    return before(*plain, time_millis);
  }
  const auto& distances = std::get<Distances>(times_);
  if (time_millis <= distances.first_millis) return 0;
  const uint64_t ahead =
      static_cast<uint64_t>(time_millis) - static_cast<uint64_t>(distances.first_millis);
  if (ahead > distances.millis.back()) return size_;
  return before(distances.millis, static_cast<uint32_t>(ahead));
}

void PackedColumn::ReadTimes(size_t begin, size_t end, int64_t* to) const {
  if (const auto* runs = std::get_if<std::vector<Run>>(&times_)) {
    auto run = std::upper_bound(runs->begin(), runs->end(), begin,
                                [](size_t at, const Run& one) { return at < one.begin; }) -
               1;
    for (size_t at = begin; at < end; ++run) {
      const size_t run_end = run + 1 == runs->end() ? size_ : (run + 1)->begin;
      const size_t count = std::min(end, run_end) - at;
      const uint64_t first =
          static_cast<uint64_t>(run->first_millis) + (at - run->begin) * run->step_millis;
      CallFastest<Pace>(first, run->step_millis, count, to);
      to += count;
      at += count;
    }
  } else if (const auto* plain = std::get_if<std::vector<int64_t>>(&times_)) {
    std::copy(plain->data() + begin, plain->data() + end, to);
  } else {
    const auto& distances = std::get<Distances>(times_);
    CallFastest<Spread>(distances.millis.data() + begin, end - begin, distances.first_millis, to);
  }
}

void PackedColumn::ReadValues(size_t begin, size_t end, double* to) const {
  const auto read = [&](const auto& values) {
    using Kept = std::decay_t<decltype(values)>;
    if constexpr (std::is_same_v<Kept, double>) {
      std::fill(to, to + (end - begin), values);
    } else if constexpr (std::is_same_v<Kept, std::vector<double>>) {
      std::copy(values.data() + begin, values.data() + end, to);
    } else {
      using Whole = typename decltype(values.wholes)::value_type;
      const Whole* const wholes = values.wholes.data() + begin;
      CallFastest<Widen<Whole>>(wholes, end - begin, values.base, values.power, to);
    }
  };
  std::visit(read, values_);
}

void PackedColumn::Read(size_t begin, size_t end, size_t at, SampleColumns& columns) const {
  const size_t needed = at + (end - begin);
  if (columns.size() < needed) {
    columns.time_millis.resize(needed);
    columns.values.resize(needed);
  }
  if (begin == end) return;
  ReadTimes(begin, end, columns.time_millis.data() + at);
  ReadValues(begin, end, columns.values.data() + at);
}

}  // namespace ora::storage
