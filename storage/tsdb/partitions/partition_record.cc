#include "storage/tsdb/partitions/partition_record.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "storage/rocks/record_bytes.h"
#include "storage/tsdb/partitions/id_set.h"

namespace ora::storage {
namespace {

constexpr uint64_t kSealNumberMax = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kOffsetMax = std::numeric_limits<uint32_t>::max();

}  // namespace

void PartitionContents::Add(const Roaring& sealed, const RowTotals& added) {
  samples += added.samples;
  bytes += added.bytes;
  young_rows += added.rows;
  young_samples += added.samples;
  ids |= sealed;
  young |= sealed;
  changed |= sealed;
}

void PartitionContents::TakeYoung(const RowTotals& gone) {
  young_rows -= std::min(young_rows, gone.rows);
  young_samples -= std::min(young_samples, gone.samples);
  if (young.isEmpty()) young_rows = young_samples = 0;
}

std::string EncodePartitionRecord(const PartitionContents& contents) {
  RecordWriter writer;
  writer.Varint(contents.samples);
  writer.Varint(contents.bytes);
  writer.Varint(contents.sealings);
  writer.Varint(contents.merged_through);
  writer.Varint(contents.young_rows);
  writer.Varint(contents.young_samples);
  PutIdSet(writer, contents.ids);
  PutIdSet(writer, contents.young);
  PutIdSet(writer, contents.changed);
  writer.Varint(contents.last_offset_millis);
  return std::move(writer).Finish();
}

absl::StatusOr<PartitionContents> DecodePartitionRecord(absl::string_view record) {
  absl::StatusOr<RecordReader> reader = RecordReader::Open(record);
  if (!reader.ok()) return reader.status();
  const absl::optional<uint64_t> samples = reader->Varint();
  const absl::optional<uint64_t> bytes = reader->Varint();
  const absl::optional<uint64_t> sealings = reader->Varint();
  const absl::optional<uint64_t> merged_through = reader->Varint();
  const absl::optional<uint64_t> young_rows = reader->Varint();
  const absl::optional<uint64_t> young_samples = reader->Varint();
  if (!samples || !bytes || !sealings || *sealings > kSealNumberMax || !merged_through ||
      *merged_through > kSealNumberMax || !young_rows || !young_samples) {
    return absl::DataLossError("partition record ends within its numbers");
  }
  absl::optional<Roaring> ids = TakeIdSet(*reader);
  if (!ids) return absl::DataLossError("partition record ends within its ids");
  absl::optional<Roaring> young = TakeIdSet(*reader);
  if (!young) return absl::DataLossError("partition record ends within its young ids");
  absl::optional<Roaring> changed = TakeIdSet(*reader);
  if (!changed) return absl::DataLossError("partition record ends within its changed ids");
  const absl::optional<uint64_t> last_offset = reader->Varint();
  if (!last_offset || *last_offset > kOffsetMax || reader->remaining() != 0) {
    return absl::DataLossError("partition record is longer or shorter than its last offset");
  }
  return PartitionContents{.samples = *samples,
                           .bytes = *bytes,
                           .sealings = static_cast<uint32_t>(*sealings),
                           .merged_through = static_cast<uint32_t>(*merged_through),
                           .young_rows = *young_rows,
                           .young_samples = *young_samples,
                           .ids = *std::move(ids),
                           .young = *std::move(young),
                           .changed = *std::move(changed),
                           .last_offset_millis = static_cast<uint32_t>(*last_offset)};
}

}  // namespace ora::storage
