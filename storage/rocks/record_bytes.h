// The small parts that records are made of: varints, texts, and the frame of version and checksum.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace ora::storage {

// The version that this program writes, for every kind of record.
inline constexpr uint8_t kRecordVersion = 1;

inline uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
inline int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

// Writes one record: its version, then what is put, then the checksum of both.
class RecordWriter {
 public:
  RecordWriter() { bytes_.push_back(static_cast<char>(kRecordVersion)); }

  void Reserve(size_t bytes) { bytes_.reserve(bytes); }
  void Varint(uint64_t value);
  void Signed(int64_t value) { Varint(ZigZag(value)); }
  void Text(absl::string_view text);  // Its length, then its bytes.
  void Double(double value);          // Eight bytes, little endian, bit for bit.

  // The whole record; the writer is spent.
  std::string Finish() &&;

 private:
  std::string bytes_;
};

// Reads what RecordWriter put; absent when the bytes end too early.
class RecordReader {
 public:
  // The record's checksum was checked. DATA_LOSS: it is wrong, or the record is too short.
  // FAILED_PRECONDITION: a newer program wrote it. `record` must outlive the reader.
  static absl::StatusOr<RecordReader> Open(absl::string_view record);

  absl::optional<uint64_t> Varint();
  absl::optional<int64_t> Signed();
  absl::optional<absl::string_view> Text();
  absl::optional<double> Double();
  size_t remaining() const { return bytes_.size(); }

 private:
  explicit RecordReader(absl::string_view bytes) : bytes_(bytes) {}

  absl::string_view bytes_;
};

}  // namespace ora::storage
