#include "storage/tsdb/partitions/checked_value.h"

#include <cstdint>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/env/crc32c.h"

namespace ora::storage {
namespace {

constexpr size_t kChecksumBytes = sizeof(uint32_t);

}  // namespace

void AppendChecksum(std::string& value) {
  const uint32_t crc = Crc32c(value);
  char raw[kChecksumBytes];
  std::memcpy(raw, &crc, sizeof(crc));
  value.append(raw, sizeof(raw));
}

absl::StatusOr<absl::string_view> CheckedBytes(absl::string_view value) {
  if (value.size() <= kChecksumBytes) {
    return absl::DataLossError(absl::StrCat("row of ", value.size(), " bytes is cut short"));
  }
  const absl::string_view bytes = value.substr(0, value.size() - kChecksumBytes);
  uint32_t expected;
  std::memcpy(&expected, value.data() + bytes.size(), sizeof(expected));
  if (const uint32_t crc = Crc32c(bytes); crc != expected) {
    return absl::DataLossError(absl::StrCat("row of ", value.size(), " bytes has checksum ",
                                            absl::Hex(crc), " in place of ", absl::Hex(expected)));
  }
  return bytes;
}

}  // namespace ora::storage
