// Checks the framing of RocksDB's logs (its write-ahead logs and manifests), so that a damaged part
// is told from one that a crash cut off.
//
// A log is blocks of 32 KiB of fragments: checksum u32, length u16, type u8, bytes; all little
// endian. What is left of a block that no header fits in is zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ora::storage {

inline constexpr size_t kLogBlockBytes = 32 << 10;

// A part of a log that a reader cannot use.
struct LogDamage {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  std::string reason;
};

// Takes a log block by block. Not thread-safe.
class LogScan {
 public:
  // `block` has kLogBlockBytes, but for the last one, which may be shorter; nothing follows it.
  void Block(absl::string_view block);

  const std::vector<LogDamage>& damage() const { return damage_; }
  // Up to here all is whole: the place of the first damage, or of a fragment that was cut off.
  uint64_t whole_bytes() const { return whole_bytes_; }

 private:
  void AddDamage(size_t at, size_t bytes, absl::string_view reason);
  // The rest of the log's last block, from a fragment that is longer than it.
  void CutShort(absl::string_view block, size_t at);

  std::vector<LogDamage> damage_;
  uint64_t begin_ = 0;  // Of the current block.
  uint64_t whole_bytes_ = 0;
  bool broken_ = false;  // Nothing is whole any more.
};

// All of a log at once.
LogScan ScanLog(absl::string_view log);

}  // namespace ora::storage
