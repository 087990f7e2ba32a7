// Arbitrary bytes as batch and series records: no crash, and what is read is written back the same.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

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

void CheckBatch(absl::string_view record) {
  const auto blocks = DecodeBatchRecord(record);
  if (!blocks.ok()) return;
  const std::string again = EncodeBatchRecord(*blocks);
  const auto decoded = DecodeBatchRecord(again);
  // Bytes are compared, since NaNs are not equal to themselves.
  if (!decoded.ok() || EncodeBatchRecord(*decoded) != again) std::abort();
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
