#include "storage/rocks/rescue/log_scan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "storage/env/crc32c.h"

namespace ora::storage {
namespace {

constexpr size_t kHeaderBytes = 7;
constexpr size_t kLengthAt = 4;
constexpr size_t kTypeAt = 6;  // The checksum is of all from here on.
constexpr int kLengthBits = 16;
constexpr size_t kDamageMax = 100;  // More are not listed one by one.

uint32_t ByteAt(absl::string_view bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

size_t LengthAt(absl::string_view block, size_t at) {
  return ByteAt(block, at + kLengthAt) | ByteAt(block, at + kLengthAt + 1) << 8;
}

// RocksDB keeps checksums so changed, for the case that what it frames holds checksums itself.
uint32_t Masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

bool IsWhole(absl::string_view block, size_t at, size_t length) {
  if (at + kHeaderBytes + length > block.size()) return false;
  const uint32_t expected = ByteAt(block, at) | ByteAt(block, at + 1) << 8 |
                            ByteAt(block, at + 2) << 16 | ByteAt(block, at + 3) << 24;
  return Masked(Crc32c(block.substr(at + kTypeAt, 1 + length))) == expected;
}

bool IsZero(absl::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

// A whole fragment with bytes in it begins somewhere after `at`.
bool AnotherFollows(absl::string_view block, size_t at) {
  for (size_t next = at + 1; next + kHeaderBytes < block.size(); ++next) {
    const uint32_t type = ByteAt(block, next + kTypeAt);
    constexpr uint32_t kTypeMax = 4;  // Full, first, middle, last.
    const size_t length = LengthAt(block, next);
    if (type >= 1 && type <= kTypeMax && length > 0 && IsWhole(block, next, length)) return true;
  }
  return false;
}

}  // namespace

void LogScan::AddDamage(size_t at, size_t bytes, absl::string_view reason) {
  broken_ = true;
  if (damage_.size() >= kDamageMax) return;
  damage_.push_back({begin_ + at, bytes, std::string(reason)});
}

void LogScan::CutShort(absl::string_view block, size_t at) {
  // A crash cuts what is written last. That it is not the last, or that it is whole with another
  // length, shows that the length was changed.
  bool damaged = AnotherFollows(block, at);
  const size_t length = LengthAt(block, at);
  for (int bit = 0; bit < kLengthBits && !damaged; ++bit) {
    damaged = IsWhole(block, at, length ^ (size_t{1} << bit));
  }
  if (damaged) AddDamage(at, block.size() - at, "a fragment is longer than its block");
  broken_ = true;
}

void LogScan::Block(absl::string_view block) {
  size_t at = 0;
  while (at + kHeaderBytes <= block.size()) {
    if (!broken_) whole_bytes_ = begin_ + at;
    const size_t length = LengthAt(block, at);
    if (length == 0 && IsZero(block.substr(at))) break;  // Set aside, and not written.
    if (at + kHeaderBytes + length > block.size()) {
      if (block.size() < kLogBlockBytes) {
        CutShort(block, at);
      } else {
        AddDamage(at, block.size() - at, "a fragment is longer than its block");
      }
      break;
    }
    if (!IsWhole(block, at, length)) {
      // Its length may be what is wrong, so that nothing says where the next one begins.
      AddDamage(at, block.size() - at, "a fragment's checksum is wrong");
      break;
    }
    at += kHeaderBytes + length;
  }
  const size_t end = std::min(at, block.size());
  if (!broken_) whole_bytes_ = begin_ + end;
  begin_ += block.size();
}

LogScan ScanLog(absl::string_view log) {
  LogScan scan;
  for (size_t at = 0; at < log.size(); at += kLogBlockBytes) {
    scan.Block(log.substr(at, kLogBlockBytes));
  }
  return scan;
}

}  // namespace ora::storage
