#include "storage/tsdb/partitions/chunk_rows.h"

#include <algorithm>

#include "storage/tsdb/partitions/checked_value.h"
#include "storage/tsdb/partitions/merge_plan.h"

namespace ora::storage {
namespace {

static_assert(kChunkRowSamplesMax <= kChunkSamplesMax);

ChunkRow MakeRow(const ChunkPlace& place, const SampleSpans& samples, ChunkEffort effort) {
  const int64_t start = StartOf(place.day);
  ChunkRow row{
      .key = {.slot = place.slot,
              .id = place.id,
              .first_offset_millis = static_cast<uint32_t>(samples.time_millis.front() - start),
              .last_offset_millis = static_cast<uint32_t>(samples.time_millis.back() - start),
              .seal_number = place.seal_number},
      .value = EncodeChunk(samples.time_millis, samples.values, effort),
      .samples = samples.time_millis.size()};
  AppendChecksum(row.value);
  return row;
}

}  // namespace

void ForEachDay(const SampleColumns& columns,
                absl::FunctionRef<void(Day day, const SampleSpans& samples)> visit) {
  const auto times = absl::MakeConstSpan(columns.time_millis);
  const auto values = absl::MakeConstSpan(columns.values);
  size_t begin = 0;
  while (begin < times.size()) {
    const Day day = DayOf(times[begin]);
    const int64_t day_end = StartOf(day + 1);
    // Most series lie in one day.
    const size_t end =
        times.back() < day_end
            ? times.size()
            : static_cast<size_t>(std::lower_bound(times.begin() + begin, times.end(), day_end) -
                                  times.begin());
    visit(day, {times.subspan(begin, end - begin), values.subspan(begin, end - begin)});
    begin = end;
  }
}

std::vector<ChunkRow> MakeChunkRows(const ChunkPlace& place, const SampleSpans& samples,
                                    ChunkEffort effort) {
  const size_t count = samples.time_millis.size();
  const size_t row_count = (count + kChunkRowSamplesMax - 1) / kChunkRowSamplesMax;
  std::vector<ChunkRow> rows;
  rows.reserve(row_count);
  for (size_t i = 0; i < row_count; ++i) {
    const size_t begin = count * i / row_count;
    const size_t length = count * (i + 1) / row_count - begin;
    rows.push_back(MakeRow(
        place, {samples.time_millis.subspan(begin, length), samples.values.subspan(begin, length)},
        effort));
  }
  return rows;
}

absl::Status AppendChunkValue(absl::string_view value, SampleColumns& append_to) {
  const absl::StatusOr<absl::string_view> chunk = CheckedBytes(value);
  return chunk.ok() ? DecodeChunk(*chunk, append_to) : chunk.status();
}

absl::StatusOr<size_t> ReadChunkValueAt(absl::string_view value, int64_t end_millis, size_t at,
                                        SampleColumns& columns) {
  const absl::StatusOr<absl::string_view> chunk = CheckedBytes(value);
  if (!chunk.ok()) return chunk.status();
  return DecodeChunkAt(*chunk, end_millis, at, columns);
}

}  // namespace ora::storage
