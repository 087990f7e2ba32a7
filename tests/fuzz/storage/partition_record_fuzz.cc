// The row of a partition: any bytes are read safely, and what is read is written the same again.
// Behind a checksum most inputs would go no further, so it is made right first.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "storage/rocks/record_bytes.h"
#include "storage/tsdb/partitions/checked_value.h"
#include "storage/tsdb/partitions/partition_record.h"

namespace {

// A record whose payload is `payload`.
std::string RecordOf(absl::string_view payload) {
  std::string record(1, static_cast<char>(ora::storage::kRecordVersion));
  record.append(payload.data(), payload.size());
  ora::storage::AppendChecksum(record);
  return record;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view payload(reinterpret_cast<const char*>(bytes), size);
  (void)ora::storage::DecodePartitionRecord(payload);
  const auto contents = ora::storage::DecodePartitionRecord(RecordOf(payload));
  if (!contents.ok()) return 0;
  const auto again =
      ora::storage::DecodePartitionRecord(ora::storage::EncodePartitionRecord(*contents));
  if (!again.ok() || again->ids != contents->ids || again->young != contents->young ||
      again->changed != contents->changed || again->samples != contents->samples) {
    std::abort();
  }
  return 0;
}
