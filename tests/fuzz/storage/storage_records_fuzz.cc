// Arbitrary bytes as batch and series records: no crash, and what is read is written back the same.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "storage/env/crc32c.h"
#include "storage/rocks/batch_record.h"
#include "storage/rocks/record_bytes.h"
#include "storage/rocks/series_record.h"

namespace ora::storage {
namespace {

// With a frame that is right, so that the bytes get past the checksum.
std::string Framed(absl::string_view payload) {
  std::string record(1, static_cast<char>(kRecordVersion));
  record.append(payload.data(), payload.size());
  const uint32_t crc = Crc32c(record);
  char raw[sizeof(crc)];
  std::memcpy(raw, &crc, sizeof(crc));
  record.append(raw, sizeof(raw));
  return record;
}

// What a record holds, apart from how it groups its samples.
struct Content {
  std::vector<std::pair<std::string, uint64_t>> marks;
  std::vector<WriteBlock> blocks;
};

Content ContentOf(const BatchRecord& record) {
  Content content;
  record.ForEachMark([&](const BatchMark& mark) {
    content.marks.emplace_back(std::string(mark.key), mark.sequence);
  });
  uint64_t samples = 0;
  record.ForEachRun([&](const SampleRun& run) {
    samples += run.count;
    WriteBlock block{run.time_millis, {}, std::vector<double>(run.count)};
    std::memcpy(block.values.data(), run.values, run.count * sizeof(double));
    for (uint32_t i = 0; i < run.count; ++i) block.series.push_back(SeriesRef{run.first} + i);
    content.blocks.push_back(std::move(block));
  });
  if (samples != record.samples()) std::abort();
  return content;
}

std::string Encode(const Content& content) {
  std::vector<BatchMark> marks;
  for (const auto& [key, sequence] : content.marks) marks.push_back({key, sequence});
  BatchRecordEncoder encoder;
  return std::string(encoder.Encode(marks, {&content.blocks}).bytes());
}

void CheckBatch(absl::string_view bytes) {
  const auto record = BatchRecord::Parse(bytes);
  if (!record.ok()) return;
  const std::string again = Encode(ContentOf(*record));
  const auto decoded = BatchRecord::Parse(again);
  // Bytes are compared, since NaNs are not equal to themselves.
  if (!decoded.ok() || Encode(ContentOf(*decoded)) != again) std::abort();
  if (decoded->samples() != record->samples()) std::abort();
}

void CheckSeries(absl::string_view record) {
  const auto labels = DecodeSeriesRecord(record);
  if (!labels.ok()) return;
  const auto decoded = DecodeSeriesRecord(EncodeSeriesRecord(*labels));
  if (!decoded.ok() || *decoded != *labels) std::abort();
}

}  // namespace
}  // namespace ora::storage

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(bytes), size);
  const std::string framed = ora::storage::Framed(input);
  for (const absl::string_view record : {input, absl::string_view(framed)}) {
    ora::storage::CheckBatch(record);
    ora::storage::CheckSeries(record);
  }
  return 0;
}
