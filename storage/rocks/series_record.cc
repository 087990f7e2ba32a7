#include "storage/rocks/series_record.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "storage/rocks/record_bytes.h"

namespace ora::storage {

std::string EncodeSeriesRecord(const Labels& labels) {
  RecordWriter writer;
  writer.Varint(labels.size());
  for (const LabelView label : labels) {
    writer.Text(label.name);
    writer.Text(label.value);
  }
  return std::move(writer).Finish();
}

absl::StatusOr<Labels> DecodeSeriesRecord(absl::string_view record) {
  absl::StatusOr<RecordReader> reader = RecordReader::Open(record);
  if (!reader.ok()) return reader.status();
  const absl::optional<uint64_t> count = reader->Varint();
  std::vector<Label> labels;
  for (uint64_t i = 0; count && i < *count; ++i) {
    const absl::optional<absl::string_view> name = reader->Text();
    if (!name) return absl::DataLossError("series record ends within a label's name");
    const absl::optional<absl::string_view> value = reader->Text();
    if (!value) return absl::DataLossError("series record ends within a label's value");
    labels.push_back({std::string(*name), std::string(*value)});
  }
  if (!count || reader->remaining() != 0) {
    return absl::DataLossError("series record is longer or shorter than its count of labels");
  }
  return Labels(std::move(labels));
}

}  // namespace ora::storage
