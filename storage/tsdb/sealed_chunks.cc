#include "storage/tsdb/sealed_chunks.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "storage/chunk/chunk_codec.h"
#include "storage/env/crc32c.h"

namespace ora::storage {
namespace {

// Longer ones pack no better, and a reader of a short range would decode more for nothing.
constexpr size_t kRowSamplesMax = 16'384;
static_assert(kRowSamplesMax <= kChunkSamplesMax);
constexpr size_t kChecksumBytes = sizeof(uint32_t);

bool Ascends(const std::vector<int64_t>& times) {
  return std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end();
}

ChunkRow MakeRow(Day day, ChunkKey key, absl::Span<const int64_t> times,
                 absl::Span<const double> values) {
  key.first_offset_millis = static_cast<uint32_t>(times.front() - StartOf(day));
  key.last_offset_millis = static_cast<uint32_t>(times.back() - StartOf(day));
  ChunkRow row{day, key, EncodeChunk(times, values), times.size()};
  const uint32_t crc = Crc32c(row.value);
  char raw[kChecksumBytes];
  std::memcpy(raw, &crc, sizeof(crc));
  row.value.append(raw, sizeof(raw));
  return row;
}

}  // namespace

SampleColumns InTimeOrder(const SampleColumns& samples) {
  if (Ascends(samples.time_millis)) return samples;
  std::vector<size_t> order(samples.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return samples.time_millis[a] < samples.time_millis[b];
  });
  SampleColumns sorted;
  for (const size_t at : order) {
    if (!sorted.time_millis.empty() && sorted.time_millis.back() == samples.time_millis[at]) {
      sorted.values.back() = samples.values[at];
      continue;
    }
    sorted.time_millis.push_back(samples.time_millis[at]);
    sorted.values.push_back(samples.values[at]);
  }
  return sorted;
}

std::vector<ChunkRow> MakeChunkRows(Slot slot, SeriesId id, uint32_t seal_number,
                                    const SampleColumns& columns) {
  std::vector<ChunkRow> rows;
  const auto& times = columns.time_millis;
  size_t begin = 0;
  while (begin < times.size()) {
    const Day day = DayOf(times[begin]);
    const auto day_end = std::lower_bound(times.begin() + static_cast<std::ptrdiff_t>(begin),
                                          times.end(), StartOf(day + 1));
    const size_t count =
        std::min(static_cast<size_t>(day_end - times.begin()) - begin, kRowSamplesMax);
    const ChunkKey key{.slot = slot, .id = id, .seal_number = seal_number};
    rows.push_back(MakeRow(day, key, absl::MakeConstSpan(times).subspan(begin, count),
                           absl::MakeConstSpan(columns.values).subspan(begin, count)));
    begin += count;
  }
  return rows;
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
