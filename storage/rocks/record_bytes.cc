#include "storage/rocks/record_bytes.h"

#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/env/crc32c.h"

namespace ora::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "records are little endian");

constexpr size_t kChecksumBytes = sizeof(uint32_t);
constexpr int kVarintShiftMax = 63;

}  // namespace

void RecordWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

void RecordWriter::Text(absl::string_view text) {
  Varint(text.size());
  bytes_.append(text.data(), text.size());
}

void RecordWriter::Double(double value) {
  char raw[sizeof(value)];
  std::memcpy(raw, &value, sizeof(value));
  bytes_.append(raw, sizeof(raw));
}

std::string RecordWriter::Finish() && {
  const uint32_t crc = Crc32c(bytes_);
  char raw[kChecksumBytes];
  std::memcpy(raw, &crc, sizeof(crc));
  bytes_.append(raw, sizeof(raw));
  return std::move(bytes_);
}

absl::StatusOr<RecordReader> RecordReader::Open(absl::string_view record) {
  if (record.size() < 1 + kChecksumBytes) {
    return absl::DataLossError(absl::StrCat("record of ", record.size(), " bytes is cut short"));
  }
  const absl::string_view body = record.substr(0, record.size() - kChecksumBytes);
  uint32_t expected;
  std::memcpy(&expected, record.data() + body.size(), sizeof(expected));
  if (const uint32_t crc = Crc32c(body); crc != expected) {
    return absl::DataLossError(absl::StrCat("record of ", record.size(), " bytes has checksum ",
                                            absl::Hex(crc), " in place of ", absl::Hex(expected)));
  }
  if (const auto version = static_cast<uint8_t>(body[0]); version != kRecordVersion) {
    return absl::FailedPreconditionError(absl::StrCat("record has version ", version,
                                                      ", this program reads up to ", kRecordVersion,
                                                      "; use the program that wrote it"));
  }
  return RecordReader(body.substr(1));
}

absl::optional<uint64_t> RecordReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift <= kVarintShiftMax; shift += 7) {
    if (bytes_.empty()) return absl::nullopt;
    const auto byte = static_cast<uint8_t>(bytes_[0]);
    bytes_.remove_prefix(1);
    if (shift == kVarintShiftMax && byte > 1) return absl::nullopt;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return absl::nullopt;
}

absl::optional<int64_t> RecordReader::Signed() {
  const absl::optional<uint64_t> raw = Varint();
  if (!raw) return absl::nullopt;
  return UnZigZag(*raw);
}

absl::optional<absl::string_view> RecordReader::Text() {
  const absl::optional<uint64_t> size = Varint();
  if (!size || *size > bytes_.size()) return absl::nullopt;
  const absl::string_view text = bytes_.substr(0, *size);
  bytes_.remove_prefix(*size);
  return text;
}

absl::optional<double> RecordReader::Double() {
  double value;
  if (bytes_.size() < sizeof(value)) return absl::nullopt;
  std::memcpy(&value, bytes_.data(), sizeof(value));
  bytes_.remove_prefix(sizeof(value));
  return value;
}

}  // namespace ora::storage
