#include "storage/tsdb/partitions/chunk_rows.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/chunk_codec.h"
#include "storage/env/crc32c.h"
#include "storage/tsdb/partitions/merge_plan.h"

namespace ora::storage {
namespace {

static_assert(kChunkRowSamplesMax <= kChunkSamplesMax);
constexpr size_t kChecksumBytes = sizeof(uint32_t);

ChunkRow MakeRow(const ChunkPlace& place, const SampleSpans& samples) {
  const int64_t start = StartOf(place.day);
  ChunkRow row{
      .key = {.slot = place.slot,
              .id = place.id,
              .first_offset_millis = static_cast<uint32_t>(samples.time_millis.front() - start),
              .last_offset_millis = static_cast<uint32_t>(samples.time_millis.back() - start),
              .seal_number = place.seal_number},
      .value = EncodeChunk(samples.time_millis, samples.values),
      .samples = samples.time_millis.size()};
  const uint32_t crc = Crc32c(row.value);
  char raw[kChecksumBytes];
  std::memcpy(raw, &crc, sizeof(crc));
  row.value.append(raw, sizeof(raw));
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

std::vector<ChunkRow> MakeChunkRows(const ChunkPlace& place, const SampleSpans& samples) {
  const size_t count = samples.time_millis.size();
  const size_t row_count = (count + kChunkRowSamplesMax - 1) / kChunkRowSamplesMax;
  std::vector<ChunkRow> rows;
  rows.reserve(row_count);
  for (size_t i = 0; i < row_count; ++i) {
    const size_t begin = count * i / row_count;
    const size_t length = count * (i + 1) / row_count - begin;
    rows.push_back(MakeRow(place, {samples.time_millis.subspan(begin, length),
                                   samples.values.subspan(begin, length)}));
  }
  return rows;
}

absl::optional<uint64_t> SamplesOfChunkValue(absl::string_view value) {
  ByteReader reader(value);
  (void)reader.Byte();  // The version; every one has its count next.
  const uint64_t count = reader.Varint();
  if (!reader.ok() || count == 0 || count > kChunkSamplesMax) return absl::nullopt;
  return count;
}

absl::Status AppendChunkValue(absl::string_view value, SampleColumns& append_to) {
  if (value.size() <= kChecksumBytes) {
    return absl::DataLossError(absl::StrCat("chunk of ", value.size(), " bytes is cut short"));
  }
  const absl::string_view chunk = value.substr(0, value.size() - kChecksumBytes);
  uint32_t expected;
  std::memcpy(&expected, value.data() + chunk.size(), sizeof(expected));
  if (const uint32_t crc = Crc32c(chunk); crc != expected) {
    return absl::DataLossError(absl::StrCat("chunk of ", value.size(), " bytes has checksum ",
                                            absl::Hex(crc), " in place of ", absl::Hex(expected)));
  }
  return DecodeChunk(chunk, append_to);
}

}  // namespace ora::storage
