#include "storage/rocks/batch_record.h"

#include <utility>

#include "absl/status/status.h"
#include "storage/rocks/record_bytes.h"

namespace ora::storage {
namespace {

constexpr size_t kBlockBytesMax = 20;       // Its time and count.
constexpr size_t kSampleBytesTypical = 10;  // A series one or two on, and the value.
constexpr size_t kSampleBytesMin = 9;

absl::Status CutShort() { return absl::DataLossError("batch record ends within a block"); }

// Sums and differences wrap, so that damaged bytes are no undefined behaviour.
int64_t Difference(uint64_t a, uint64_t b) { return static_cast<int64_t>(a - b); }

absl::StatusOr<WriteBlock> ReadBlock(RecordReader& reader, int64_t previous_time) {
  WriteBlock block;
  const absl::optional<int64_t> time = reader.Signed();
  if (!time) return CutShort();
  block.time_millis =
      static_cast<int64_t>(static_cast<uint64_t>(previous_time) + static_cast<uint64_t>(*time));
  const absl::optional<uint64_t> count = reader.Varint();
  // The count is checked before it is believed: damage must not make us reserve the world.
  if (!count || *count > reader.remaining() / kSampleBytesMin) return CutShort();
  block.series.reserve(*count);
  block.values.reserve(*count);
  SeriesRef previous = 0;
  for (uint64_t i = 0; i < *count; ++i) {
    const absl::optional<int64_t> step = reader.Signed();
    if (!step) return CutShort();
    previous += static_cast<uint64_t>(*step);
    block.series.push_back(previous);
  }
  for (uint64_t i = 0; i < *count; ++i) {
    const absl::optional<double> value = reader.Double();
    if (!value) return CutShort();
    block.values.push_back(*value);
  }
  return block;
}

}  // namespace

std::string EncodeBatchRecord(const std::vector<WriteBlock>& blocks) {
  size_t bytes = kBlockBytesMax;
  for (const WriteBlock& block : blocks) {
    bytes += kBlockBytesMax + block.series.size() * kSampleBytesTypical;
  }
  RecordWriter writer;
  writer.Reserve(bytes);
  writer.Varint(blocks.size());
  int64_t previous_time = 0;
  for (const WriteBlock& block : blocks) {
    writer.Signed(
        Difference(static_cast<uint64_t>(block.time_millis), static_cast<uint64_t>(previous_time)));
    previous_time = block.time_millis;
    writer.Varint(block.series.size());
    SeriesRef previous = 0;
    for (const SeriesRef series : block.series) {
      writer.Signed(Difference(series, previous));
      previous = series;
    }
    for (const double value : block.values) writer.Double(value);
  }
  return std::move(writer).Finish();
}

absl::StatusOr<std::vector<WriteBlock>> DecodeBatchRecord(absl::string_view record) {
  absl::StatusOr<RecordReader> reader = RecordReader::Open(record);
  if (!reader.ok()) return reader.status();
  const absl::optional<uint64_t> count = reader->Varint();
  if (!count) return CutShort();
  std::vector<WriteBlock> blocks;
  int64_t previous_time = 0;
  for (uint64_t i = 0; i < *count; ++i) {
    absl::StatusOr<WriteBlock> block = ReadBlock(*reader, previous_time);
    if (!block.ok()) return block.status();
    previous_time = block->time_millis;
    blocks.push_back(*std::move(block));
  }
  if (reader->remaining() != 0) {
    return absl::DataLossError("batch record is longer than its count of blocks");
  }
  return blocks;
}

}  // namespace ora::storage
