#include "storage/tsdb/partitions/id_set.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace ora::storage {
namespace {

constexpr uint64_t kIdsEnd = uint64_t{std::numeric_limits<uint32_t>::max()} + 1;
constexpr size_t kIdsAtATime = 1024;

struct Run {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// Where the run ends that has everything up to `end`. Sought by counting, since a set of a few
// bytes may hold every id that there is.
uint64_t EndOfRun(const Roaring& ids, uint64_t end) {
  const auto has_all = [&ids](uint64_t first, uint64_t last) {
    return roaring_bitmap_range_cardinality(&ids.roaring, first, last) == last - first;
  };
  uint64_t step = kIdsAtATime;
  while (end < kIdsEnd && has_all(end, std::min(end + step, kIdsEnd))) {
    end = std::min(end + step, kIdsEnd);
    step *= 2;
  }
  for (; step > 0; step /= 2) {
    if (end + step <= kIdsEnd && has_all(end, end + step)) end += step;
  }
  return end;
}

std::vector<Run> RunsOf(const Roaring& ids) {
  std::vector<Run> runs;
  roaring_uint32_iterator_t at;
  roaring_init_iterator(&ids.roaring, &at);
  uint32_t some[kIdsAtATime];
  while (const uint32_t count = roaring_read_uint32_iterator(&at, some, kIdsAtATime)) {
    for (uint32_t i = 0; i < count; ++i) {
      if (runs.empty() || runs.back().end != some[i]) runs.push_back({some[i], some[i]});
      ++runs.back().end;
    }
    if (count < kIdsAtATime || runs.back().begin > some[0]) continue;
    runs.back().end = EndOfRun(ids, runs.back().end);
    if (runs.back().end == kIdsEnd) break;
    roaring_move_uint32_iterator_equalorlarger(&at, static_cast<uint32_t>(runs.back().end));
  }
  return runs;
}

}  // namespace

void PutIdSet(RecordWriter& writer, const Roaring& ids) {
  const std::vector<Run> runs = RunsOf(ids);
  writer.Varint(runs.size());
  uint64_t previous = 0;
  for (const Run& run : runs) {
    writer.Varint(run.begin - previous);
    writer.Varint(run.end - run.begin);
    previous = run.end;
  }
}

absl::optional<Roaring> TakeIdSet(RecordReader& reader) {
  const absl::optional<uint64_t> count = reader.Varint();
  if (!count) return absl::nullopt;
  Roaring ids;
  uint64_t at = 0;
  for (uint64_t i = 0; i < *count; ++i) {
    const absl::optional<uint64_t> gap = reader.Varint();
    const absl::optional<uint64_t> length = reader.Varint();
    if (!gap || !length || *gap > kIdsEnd - at) return absl::nullopt;
    at += *gap;
    if (*length == 0 || *length > kIdsEnd - at) return absl::nullopt;
    ids.addRange(at, at + *length);
    at += *length;
  }
  ids.runOptimize();
  return ids;
}

}  // namespace ora::storage
